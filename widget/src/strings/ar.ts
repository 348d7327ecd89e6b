import { inLargestUnit } from "./format-duration.ts";
import { formatsOf } from "./formats.ts";
import type { Strings } from "./strings.ts";

/** The six forms of a noun after a number. */
type Forms = Record<Intl.LDMLPluralRule, string>;

const MESSAGES: Forms = {
  zero: "لا رسائل غير مقروءة",
  one: "رسالة واحدة غير مقروءة",
  two: "رسالتان غير مقروءتين",
  few: "# رسائل غير مقروءة",
  many: "# رسالة غير مقروءة",
  other: "# رسالة غير مقروءة",
};
const CHARACTERS: Forms = {
  zero: "# حرف",
  one: "حرف واحد",
  two: "حرفين",
  few: "# أحرف",
  many: "# حرفًا",
  other: "# حرف",
};
const LINES: Forms = {
  zero: "لا أسطر",
  one: "سطر واحد",
  two: "سطران",
  few: "# أسطر",
  many: "# سطرًا",
  other: "# سطر",
};
const REQUESTS: Forms = {
  zero: "# طلب آخر",
  one: "طلب واحد آخر",
  two: "طلبين آخرين",
  few: "# طلبات أخرى",
  many: "# طلبًا آخر",
  other: "# طلب آخر",
};
const TOKENS: Forms = {
  zero: "# رمز",
  one: "رمز واحد",
  two: "رمزين",
  few: "# رموز",
  many: "# رمزًا",
  other: "# رمز",
};
const WAITS: Record<"second" | "minute" | "hour", Forms> = {
  second: {
    zero: "# ثانية",
    one: "ثانية واحدة",
    two: "ثانيتين",
    few: "# ثوانٍ",
    many: "# ثانية",
    other: "# ثانية",
  },
  minute: {
    zero: "# دقيقة",
    one: "دقيقة واحدة",
    two: "دقيقتين",
    few: "# دقائق",
    many: "# دقيقة",
    other: "# دقيقة",
  },
  hour: {
    zero: "# ساعة",
    one: "ساعة واحدة",
    two: "ساعتين",
    few: "# ساعات",
    many: "# ساعة",
    other: "# ساعة",
  },
};

/** Arabic. `locale` decides how numbers, dates and units are written. */
export function arabicStrings(locale: string): Strings {
  const { number, percent, count, dateTime, dateTimeInSentence, duration, countdown, size, isolated } =
    formatsOf<Exclude<Intl.LDMLPluralRule, "other">>(locale);
  // “After”: the platform says “within”, which would be a deadline.
  const afterTime = (durationMs: number): string => {
    const { value, unit } = inLargestUnit(durationMs);
    return `بعد ${count(value, WAITS[unit])}`;
  };

  return {
    launcherOpen: "فتح الدردشة",
    launcherClose: "إغلاق الدردشة",
    launcherUnread: (unread) => `فتح الدردشة، ${count(unread, MESSAGES)}`,
    heading: "المساعد",
    close: "إغلاق",
    newConversation: "محادثة جديدة",
    sessionOpen: "ما يمكن للمساعد فعله",
    messageList: "المحادثة",
    greeting: "مرحبًا! كيف يمكنني مساعدتك؟",
    suggestions: "يمكنك أن تسأل",
    loadingConversation: "جارٍ تحميل المحادثة…",
    scrollToLatest: "الانتقال إلى أحدث رسالة",

    you: "أنت",
    assistant: "المساعد",
    messageFailed: "لم تُرسَل",
    messageRetry: "إعادة الإرسال",
    answerStopped: "تم الإيقاف",
    answerCutAtLimit: "قُطعت الإجابة لأنها بلغت الحد الأقصى للطول.",
    copyCode: "نسخ الرمز البرمجي",
    codeCopied: "تم النسخ",

    composerLabel: "رسالتك",
    placeholder: "اكتب رسالة…",
    send: "إرسال",
    stop: "إيقاف",
    stopping: "جارٍ الإيقاف…",
    messageLength: (length, limit) => `${number(length)} / ${number(limit)}`,
    messageTooLong: (length, limit) =>
      `الرسالة طويلة جدًا: ${number(length)} من أصل ${count(limit, CHARACTERS)} كحد أقصى.`,

    statusTyping: "الذكاء الاصطناعي يكتب…",
    statusCreatingFile: (path) => (path === null ? "جارٍ إنشاء الملف…" : `جارٍ إنشاء الملف ${isolated(path)}…`),
    statusToolRunning: (title) => `جارٍ تشغيل ${isolated(title)}…`,
    statusAwaitingApproval: "في انتظار موافقتك",
    statusBusy: (retryInMs) => `الخدمة مشغولة… محاولة جديدة ${afterTime(retryInMs)}`,
    statusRecovering: "جارٍ المتابعة من حيث توقّف…",
    statusConnecting: "جارٍ الاتصال…",
    statusReconnecting: "جارٍ إعادة الاتصال…",
    statusStopping: "جارٍ الإيقاف…",

    toolPreparing: "قيد التحضير",
    toolAwaitingApproval: "في انتظار الموافقة",
    toolRunning: "قيد التشغيل",
    toolOutcome: {
      ok: "تم",
      error: "فشل",
      denied: "مرفوض",
      expired: "انتهت المهلة دون رد",
      superseded: "أُسقط بسبب رسالتك الجديدة",
      cancelled: "أُلغي",
      unknown: "النتيجة غير معروفة: ربما نُفّذ وربما لم يُنفّذ",
    },
    toolDuration: duration,
    size,
    fileSize: (lines, bytes) => `${count(lines, LINES)}، ${size(bytes)}`,
    toolInput: "المُدخلات",
    toolOutput: "المُخرجات المباشرة",
    toolResult: "النتيجة",
    toolResultTruncated: "تم اختصار النتيجة.",
    toolProgress: (done, total) => `${number(done)} من ${number(total)}`,
    toolImage: "صورة من الأداة",
    toolFileWritten: (path) => `الملف ${isolated(path)}`,
    toolShowDetails: "عرض التفاصيل",
    toolHideDetails: "إخفاء التفاصيل",
    toolOutputHidden: (bytes) => `${size(bytes)} في الأعلى غير معروضة`,
    toolOutputShowAll: "عرض الكل",
    toolOutputShowEnd: "عرض النهاية فقط",
    toolOutputFollow: "الانتقال إلى نهاية المُخرجات",

    approvalTitle: "موافقتك مطلوبة",
    approvalAsks: (title) => `يريد المساعد تشغيل «${isolated(title)}»`,
    approvalInput: "المُدخلات كما هي",
    approvalNoInput: "لا مُدخلات",
    approvalApprove: "موافقة",
    approvalDeny: "رفض",
    approvalRememberConversation: "عدم السؤال مرة أخرى في هذه المحادثة",
    approvalExpiresIn: (remainingMs) => `الوقت المتبقي ${countdown(remainingMs)}`,
    approvalExpiresSoon: "بقي أقل من دقيقة للرد.",
    approvalExpired: "انتهت مهلة هذا الطلب.",
    approvalPosition: (index, total) => `${number(index)} من ${number(total)}`,
    approvalPrevious: "الطلب السابق",
    approvalNext: "الطلب التالي",
    approvalApproveAll: (total) => `الموافقة على الكل (${number(total)})`,
    approvalDenyAll: (total) => `رفض الكل (${number(total)})`,
    approvalLookAtAll: (unseen) => `للموافقة على الكل دفعة واحدة، اطّلع أولًا على ${count(unseen, REQUESTS)}.`,
    approvalDestructive: "قد يؤدي هذا إلى تغيير بيانات أو حذفها نهائيًا.",
    approvalNotVisible: "يمكنك الموافقة عندما تكون هذه الأزرار ظاهرة بالكامل ولا يغطيها شيء.",
    approvalFramed: "لا يمكنك الموافقة هنا لأن هذه الصفحة معروضة داخل موقع آخر.",
    approvalOpenPage: "فتح الصفحة وحدها",
    fileNew: "ملف جديد",
    fileReplaces: "يحل محل الملف إن وُجد",
    fileContent: "المحتوى",
    fileChanges: "التغييرات",
    diffSummary: (added, removed) => `الأسطر المضافة: ${number(added)}، المحذوفة: ${number(removed)}`,
    diffAdded: "مضاف:",
    diffRemoved: "محذوف:",
    approvalApprovedElsewhere: (title) => `تمت الموافقة على «${isolated(title)}» في نافذة أخرى.`,
    approvalDeniedElsewhere: (title) => `رُفض «${isolated(title)}» في نافذة أخرى.`,
    approvalRanOut: (title) =>
      `لم يرد أحد في الوقت المحدد، لذا لم يُشغَّل «${isolated(title)}». اطلبه مرة أخرى إذا كنت لا تزال تريده.`,
    approvalAnnouncement: (title) => `موافقتك مطلوبة: يريد المساعد تشغيل ${isolated(title)}`,

    sessionTitle: "الأذونات والنشاط",
    sessionBack: "العودة إلى المحادثة",
    sessionLoading: "جارٍ التحميل…",
    sessionFailed: "تعذر التحميل.",
    sessionUser: "تم تسجيل الدخول باسم",
    sessionOrganization: "المؤسسة",
    sessionModel: "النموذج",
    budget: "الحد اليومي",
    budgetUser: "أنت",
    budgetOrganization: "مؤسستك",
    budgetRemaining: (tokens, limit) => `المتبقي ${number(tokens)} من أصل ${count(limit, TOKENS)}`,
    budgetLow: (fraction) => `المتبقي من حد اليوم نحو ${percent(fraction)}.`,
    budgetShow: "التفاصيل",
    tools: "ما يمكن للمساعد فعله",
    toolsNone: "ليست لدى المساعد أدوات هنا. يمكنه الكتابة فقط.",
    toolApproval: {
      always: "يسألك أولًا",
      never: "لا يسأل",
      auto: "يسألك أولًا، إلا إذا كان يقرأ فقط",
    },
    approvals: "المسموح به في هذه المحادثة",
    approvalsNone: "لم تسمح بأي شيء للمحادثة بأكملها.",
    approvalSince: (date) => `منذ ${dateTimeInSentence(date)}`,
    approvalRevoke: "السؤال من جديد",
    approvalRevokeOf: (title) => `السؤال من جديد قبل تشغيل ${isolated(title)}`,
    approvalRevoked: (title) => `من الآن فصاعدًا، ستُسأل من جديد قبل تشغيل «${isolated(title)}».`,
    approvalRevokeFailed: (title) => `لم ينجح ذلك: «${isolated(title)}» لا يزال مسموحًا به. حاول مجددًا.`,
    receipt: "ما فعله المساعد هنا",
    receiptNone: "لم يستخدم المساعد أي أدوات في هذه المحادثة.",
    receiptTime: dateTime,
    receiptApproved: (date) => `تمت موافقتك في ${dateTimeInSentence(date)}`,
    receiptDenied: (date) => `تم رفضك في ${dateTimeInSentence(date)}`,
    receiptApprovedElsewhere: "تمت موافقتك في نافذة أخرى",
    receiptDeniedElsewhere: "تم رفضك في نافذة أخرى",

    linkTitle: "هل تريد فتح هذا الرابط؟",
    linkConfirm: (host) => `يؤدي هذا الرابط إلى ${isolated(host)}. عنوانه الكامل:`,
    linkOpen: "فتح الرابط",
    linkCancel: "إلغاء",

    errorNetwork: "انقطع الاتصال. رسالتك محفوظة.",
    errorTokenUnavailable: "تعذر تسجيل الدخول إلى المساعد.",
    errorSignIn: "انتهت جلستك. سجّل الدخول مرة أخرى.",
    errorStreamGap: "فُقد جزء من الإجابة في الطريق.",
    errorConcurrent: "لحظة من فضلك: لا يزال المساعد يجيب عن رسالة أخرى منك.",
    errorLimit: {
      user: "لقد استنفدت حدك اليومي.",
      organization: "استنفدت مؤسستك حدها اليومي.",
      global: "بلغ المساعد الحد اليومي للجميع.",
    },
    errorInternal: "حدث خطأ من جانبنا.",
    errorPartMissing: "تعذر تحميل جزء من الدردشة.",
    limitResetsAt: (resetsAt) => `يُعاد ضبط الحد في ${dateTimeInSentence(resetsAt)}.`,
    retryIn: (retryAfterMs) => `حاول مجددًا ${afterTime(retryAfterMs)}.`,
    remedyRetry: "إعادة المحاولة",
    remedySignIn: "تسجيل الدخول مجددًا",
    dismiss: "إخفاء",
  };
}

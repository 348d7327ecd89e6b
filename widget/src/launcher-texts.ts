/** The few texts the element needs before its panel is there, whose own then take their place. */
interface LauncherTexts {
  open: string;
  close: string;
  /** The panel could not be fetched, or could not start. */
  failed: string;
}

/** Language, open, close, failed. As short as they can be: every page pays for all of them. */
const TEXTS = `en|Open chat|Close chat|The chat could not be loaded. Try again.
pt|Abrir o chat|Fechar o chat|Não foi possível carregar o chat. Tente de novo.
es|Abrir chat|Cerrar chat|No se pudo cargar. Reinténtalo.
fr|Ouvrir le chat|Fermer le chat|Échec du chargement. Réessayez.
de|Chat öffnen|Chat schließen|Laden fehlgeschlagen. Erneut versuchen.
it|Apri chat|Chiudi chat|Caricamento fallito. Riprova.
ja|チャットを開く|チャットを閉じる|読み込めません。再試行してください。
zh|打开聊天|关闭聊天|无法加载，请重试。
ar|فتح الدردشة|إغلاق الدردشة|تعذر التحميل. حاول مجددًا.
he|פתיחת הצ׳אט|סגירת הצ׳אט|הטעינה נכשלה. נסו שוב.`.split("\n");

/** In the language of a BCP 47 tag, else in English. */
export function launcherTexts(language: string): LauncherTexts {
  const [code = ""] = language.toLowerCase().split(/[-_]/);
  const texts = TEXTS.find((line) => line.startsWith(`${code}|`)) ?? TEXTS[0] ?? "";
  const [, open = "", close = "", failed = ""] = texts.split("|");
  return { open, close, failed };
}

import { languageOf } from "./language-of.ts";

/** Language, button, failure, and so on. As short as they can be: every page pays for all of them. */
const TEXTS = (
  "en|Open chat|Chat could not be loaded|" +
  "pt|Abrir o chat|Não foi possível carregar|" +
  "es|Abrir chat|No se pudo cargar|" +
  "fr|Ouvrir le chat|Échec du chargement|" +
  "de|Chat öffnen|Laden fehlgeschlagen|" +
  "it|Apri chat|Caricamento fallito|" +
  "ja|チャットを開く|読み込めません|" +
  "zh|打开聊天|无法加载|" +
  "ar|فتح الدردشة|تعذر التحميل|" +
  "he|פתיחת הצ׳אט|הטעינה נכשלה"
).split("|");

/** The button's name. */
export const OPEN = 1;
/** Said when the panel could not be fetched, or could not start. */
export const FAILED = 2;

/** In the language of the element, else in English. */
export function launcherText(element: HTMLElement, text: typeof OPEN | typeof FAILED): string | null {
  const [code = ""] = languageOf(element).toLowerCase().split(/[-_]/);
  return TEXTS[Math.max(0, TEXTS.indexOf(code)) + text] ?? null;
}

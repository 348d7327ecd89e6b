/** The few texts the element needs before its panel is there. The panel's own strings then take their place. */
interface LauncherTexts {
  open: string;
  close: string;
  /** The panel could not be fetched, or could not start. */
  failed: string;
}

const ENGLISH: LauncherTexts = {
  open: "Open chat",
  close: "Close chat",
  failed: "The chat could not be loaded. Please try again.",
};

const BRAZILIAN_PORTUGUESE: LauncherTexts = {
  open: "Abrir o chat",
  close: "Fechar o chat",
  failed: "Não foi possível carregar o chat. Tente de novo.",
};

/** In the language of a BCP 47 tag: Portuguese, else English. */
export function launcherTexts(language: string): LauncherTexts {
  return /^pt\b/i.test(language) ? BRAZILIAN_PORTUGUESE : ENGLISH;
}

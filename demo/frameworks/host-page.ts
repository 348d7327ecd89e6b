/** What the pages have in common: the host's side of things, whatever draws it. */

/** Address of the assistant, which the page's own server has written into it. */
export const endpoint: string = document.querySelector<HTMLElement>("#page")?.dataset["endpoint"] ?? "";

export const suggestions: readonly string[] = ["List the members", "Show me Markdown"];

/** The events that the pages list as they hear them. */
export const HEARD = ["chat-bot-open", "chat-bot-message", "chat-bot-turn-end"] as const;

/** A token for whoever is signed in here. Rejects when nobody is. */
export async function fetchToken(): Promise<string> {
  const response = await fetch("/chat-token");
  if (!response.ok) throw new Error("Nobody is signed in.");
  const { token }: { token: string } = await response.json();
  return token;
}

/** Where the page is drawn. */
export function pageElement(): HTMLElement {
  const element = document.querySelector<HTMLElement>("#page");
  if (element === null) throw new Error("There is no page to draw in.");
  return element;
}

import { ChatBot } from "./chat-bot.ts";
import type { PanelLoader } from "./chat-panel.ts";

/**
 * Registers `<chat-bot>`. Does nothing where it is registered already, so that a second script tag is harmless, and
 * nothing on a server, which has no elements.
 */
export function defineChatBot(loadPanel: PanelLoader): void {
  if (!("customElements" in globalThis) || customElements.get("chat-bot") !== undefined) return;
  ChatBot.loadPanel = loadPanel;
  customElements.define("chat-bot", ChatBot);
}

declare global {
  interface HTMLElementTagNameMap {
    "chat-bot": ChatBot;
  }
}

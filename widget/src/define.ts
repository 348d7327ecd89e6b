import { ChatBot } from "./chat-bot.ts";
import type { PanelLoader } from "./chat-panel.ts";

/** Registers `<chat-bot>` where there are elements: on a server it does nothing. */
export function defineChatBot(loadPanel: PanelLoader): void {
  if ("customElements" in globalThis) registerChatBot(loadPanel);
}

/** The same in a browser. Does nothing where it is registered already: a second script tag is harmless. */
export function registerChatBot(loadPanel: PanelLoader): void {
  if (customElements.get("chat-bot")) return;
  ChatBot.loadPanel = loadPanel;
  customElements.define("chat-bot", ChatBot);
}

declare global {
  interface HTMLElementTagNameMap {
    "chat-bot": ChatBot;
  }
}

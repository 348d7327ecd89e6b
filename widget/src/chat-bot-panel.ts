/** The panel's file: fetched when somebody wants to chat. It registers the panel and its views. */
import type { ChatPanel, PanelHost } from "./chat-panel.ts";
import { defineViews } from "./define-views.ts";
import { languageOf } from "./language-of.ts";
import { loadStrings } from "./load-strings.ts";
import { panelWallStyles } from "./panel-wall.styles.ts";
import { ChatBotComposer } from "./views/composer.ts";
import { DressedLauncher } from "./views/dressed-launcher.ts";
import { ChatBotErrorBanner } from "./views/error-banner.ts";
import { ChatBotMarkdown } from "./views/markdown.ts";
import { ChatBotMessageView } from "./views/message.ts";
import { ChatBotMessageList } from "./views/message-list.ts";
import { panelStyles } from "./views/panel.styles.ts";
import { ChatBotPanel } from "./views/panel.ts";
import { ChatBotStatus } from "./views/status.ts";
import { createStyleSheet } from "./views/style-sheet.ts";

/**
 * Puts a panel into the element's shadow root, with its styles, and completes the element with what it is only then
 * asked for. Rejects when it cannot work on this page.
 */
export async function createPanel(host: PanelHost): Promise<ChatPanel> {
  defineViews({
    "chat-bot-panel": ChatBotPanel,
    "chat-bot-message-list": ChatBotMessageList,
    "chat-bot-message-view": ChatBotMessageView,
    "chat-bot-markdown": ChatBotMarkdown,
    "chat-bot-status": ChatBotStatus,
    "chat-bot-error-banner": ChatBotErrorBanner,
    "chat-bot-composer": ChatBotComposer,
  });
  const panel = new ChatBotPanel();
  const button = host.shadowRoot?.querySelector<HTMLElement>(".launcher") ?? null;
  panel.host = host;
  panel.launcher = button === null ? null : new DressedLauncher(button);
  panel.strings = await loadStrings(languageOf(host));
  panel.hostChanged();
  host.shadowRoot?.adoptedStyleSheets.push(createStyleSheet(panelWallStyles), ...panelStyles());
  host.shadowRoot?.append(panel);
  tellConversation(host, panel);
  return {
    hostChanged(isFocusDue = false) {
      panel.hostChanged();
      if (!isFocusDue) return;
      if (host.open) panel.takeFocus();
      else if (host.shadowRoot?.activeElement) button?.focus();
    },
    send: (text) => panel.send(text),
    cancel: () => panel.cancel(),
    newConversation: () => panel.newConversation(),
    answerApproval: (toolUseId, isApproved) => panel.answerApproval(toolUseId, isApproved),
  };
}

/** As a property the element's `conversationId` now tells which one is shown; setting it still sets the attribute. */
function tellConversation(host: PanelHost, panel: ChatBotPanel): void {
  Object.defineProperty(host, "conversationId", {
    configurable: true,
    get: () => panel.conversationId ?? host.getAttribute("conversation-id"),
    set(value) {
      Reflect.set(Object.getPrototypeOf(host), "conversationId", value, host);
    },
  });
}

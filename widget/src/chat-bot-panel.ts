/** The panel's file: fetched when somebody wants to chat. It registers the panel and its views. */
import type { ChatPanel, PanelHost } from "./chat-panel.ts";
import { defineViews } from "./define-views.ts";
import { languageOf } from "./language-of.ts";
import { loadStrings } from "./load-strings.ts";
import { ChatBotComposer } from "./views/composer.ts";
import { DressedLauncher } from "./views/dressed-launcher.ts";
import { ChatBotErrorBanner } from "./views/error-banner.ts";
import { ChatBotMarkdown } from "./views/markdown.ts";
import { ChatBotMessageView } from "./views/message.ts";
import { ChatBotMessageList } from "./views/message-list.ts";
import { panelStyles } from "./views/panel.styles.ts";
import { ChatBotPanel } from "./views/panel.ts";
import { ChatBotStatus } from "./views/status.ts";

/** A panel for the element around it, whose shadow root is given its styles. Rejects when it cannot work on this page. */
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
  host.shadowRoot?.adoptedStyleSheets.push(...panelStyles());
  return panel;
}

/** The panel's file: fetched when somebody wants to chat. It registers the panel and its views. */
import type { ChatPanel, PanelHost, PanelSettings } from "./chat-panel.ts";
import { defineViews } from "./define-views.ts";
import { loadStrings } from "./load-strings.ts";
import { ChatBotComposer } from "./views/composer.ts";
import { ChatBotErrorBanner } from "./views/error-banner.ts";
import { ChatBotMarkdown } from "./views/markdown.ts";
import { ChatBotMessageView } from "./views/message.ts";
import { ChatBotMessageList } from "./views/message-list.ts";
import { panelStyles } from "./views/panel.styles.ts";
import { ChatBotPanel } from "./views/panel.ts";
import { ChatBotStatus } from "./views/status.ts";

/** A panel for the element around it. Rejects when it cannot work on this page. */
export async function createPanel(
  settings: PanelSettings,
  host: PanelHost,
): Promise<{ panel: ChatPanel; styleSheets: CSSStyleSheet[] }> {
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
  panel.host = host;
  panel.strings = await loadStrings(settings.language);
  panel.settings = settings;
  return { panel, styleSheets: panelStyles() };
}

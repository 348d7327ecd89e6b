import { defineChatBot } from "./define.ts";

export { ChatBot } from "./chat-bot.ts";
export type { PanelLoader, PanelModule } from "./chat-panel.ts";
export type { ConversationError } from "./conversation/conversation.ts";
export type { Persist } from "./conversation/is-remembered.ts";
export { defineChatBot } from "./define.ts";
export type {
  ChatBotErrorDetail,
  ChatBotLinkDetail,
  ChatBotMessageDetail,
  ChatBotToolRequestDetail,
  ChatBotToolResultDetail,
  ChatBotTurnEndDetail,
} from "./events.ts";
export {
  ChatBotCloseEvent,
  ChatBotErrorEvent,
  ChatBotLinkEvent,
  ChatBotMessageEvent,
  ChatBotOpenEvent,
  ChatBotToolRequestEvent,
  ChatBotToolResultEvent,
  ChatBotTurnEndEvent,
} from "./events.ts";
export type { PageContext } from "./protocol/index.ts";
export type { Strings } from "./strings.ts";

defineChatBot(() => import("./chat-bot-panel.ts"));

import type { ChatBot } from "../chat-bot.ts";
import type {
  ChatBotCloseEvent,
  ChatBotErrorEvent,
  ChatBotLinkEvent,
  ChatBotMessageEvent,
  ChatBotOpenEvent,
  ChatBotToolRequestEvent,
  ChatBotToolResultEvent,
  ChatBotTurnEndEvent,
} from "../events.ts";

type OwnNames = Exclude<keyof ChatBot, keyof HTMLElement>;
/** Methods are for `ref`s; a property that may also be null, such as `tokenProvider`, is none. */
type SettableName = {
  [Name in OwnNames]: ChatBot[Name] extends (...args: never[]) => unknown ? never : Name;
}[OwnNames];

/** Everything of `<chat-bot>` that may be set in a template, under the names of its properties. */
export type ChatBotProperties = { [Name in SettableName]?: ChatBot[Name] | undefined };

type KebabCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `-${Lowercase<First>}`}${KebabCase<Rest>}`
  : Name;

type TextName = {
  [Name in SettableName]: NonNullable<ChatBot[Name]> extends string | boolean ? Name : never;
}[SettableName];

/** Those that are also attributes, under the names of these. */
export type ChatBotAttributes = { [Name in TextName as KebabCase<Name>]?: ChatBot[Name] | undefined };

/** The element's events by name. */
export interface ChatBotEvents {
  "chat-bot-open": ChatBotOpenEvent;
  "chat-bot-close": ChatBotCloseEvent;
  "chat-bot-message": ChatBotMessageEvent;
  "chat-bot-tool-request": ChatBotToolRequestEvent;
  "chat-bot-tool-result": ChatBotToolResultEvent;
  "chat-bot-turn-end": ChatBotTurnEndEvent;
  "chat-bot-error": ChatBotErrorEvent;
  "chat-bot-link": ChatBotLinkEvent;
}

/** Handlers as React and Svelte name them: `onchat-bot-open`. */
export type ChatBotEventHandlers = {
  [Name in keyof ChatBotEvents as `on${Name}`]?: ((event: ChatBotEvents[Name]) => void) | undefined;
};

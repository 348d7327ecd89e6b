import type { ChatBot } from "../chat-bot.ts";
import type { ChatBotEvents } from "../events.ts";

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

/** Handlers as React and Svelte name them: `onchat-bot-open`. */
export type ChatBotEventHandlers = {
  [Name in keyof ChatBotEvents as `on${Name}`]?: ((event: ChatBotEvents[Name]) => void) | undefined;
};

/** Types of `<chat-bot>` in Vue's templates: `import type {} from "@chat-bot/widget/vue"` once in the project. */
import type { HTMLAttributes, PublicProps } from "vue";
import type { ChatBot } from "../chat-bot.ts";
import type { ChatBotEvents } from "../events.ts";
import type { ChatBotAttributes, ChatBotProperties } from "./element-properties.ts";

type PascalCase<Name extends string> = Name extends `${infer First}-${infer Rest}`
  ? `${Capitalize<First>}${PascalCase<Rest>}`
  : Capitalize<Name>;

/** `@chat-bot-open` in a template is the prop `onChatBotOpen`. */
type ChatBotListeners = {
  [Name in keyof ChatBotEvents as `on${PascalCase<Name>}`]?: ((event: ChatBotEvents[Name]) => void) | undefined;
};

/** What `<chat-bot>` takes in a template. */
export type ChatBotVueProps = Omit<HTMLAttributes, keyof ChatBotProperties> &
  PublicProps &
  ChatBotProperties &
  ChatBotAttributes &
  ChatBotListeners;

declare module "vue" {
  interface GlobalComponents {
    "chat-bot": new () => ChatBot & { $props: ChatBotVueProps };
  }
}

/** Types of `<chat-bot>` in Svelte's templates: `import type {} from "@chat-bot/widget/svelte"` once in the project. */
import type { HTMLAttributes } from "svelte/elements";
import type { ChatBot } from "../chat-bot.ts";
import type { ChatBotAttributes, ChatBotEventHandlers, ChatBotProperties } from "./element-properties.ts";

/** What `<chat-bot>` takes in a template. */
export type ChatBotSvelteProps = Omit<HTMLAttributes<ChatBot>, keyof ChatBotProperties> &
  ChatBotProperties &
  ChatBotAttributes &
  ChatBotEventHandlers;

declare module "svelte/elements" {
  interface SvelteHTMLElements {
    "chat-bot": ChatBotSvelteProps;
  }
}

/** Types of `<chat-bot>` in React 19's JSX: `import type {} from "@chat-bot/widget/react"` once in the project. */
import type { DetailedHTMLProps, HTMLAttributes } from "react";
import type { ChatBot } from "../chat-bot.ts";
import type { ChatBotEventHandlers, ChatBotProperties } from "./element-properties.ts";

/** What `<chat-bot>` takes in JSX. */
export type ChatBotJsxProps = Omit<DetailedHTMLProps<HTMLAttributes<ChatBot>, ChatBot>, keyof ChatBotProperties> &
  ChatBotProperties &
  ChatBotEventHandlers;

declare module "react" {
  // biome-ignore lint/style/noNamespace: React's own way of adding elements
  namespace JSX {
    interface IntrinsicElements {
      "chat-bot": ChatBotJsxProps;
    }
  }
}

// What Vue's language tools check templates against.

import type {} from "@chat-bot/widget/vue";
import type { GlobalComponents } from "vue";

type Props = InstanceType<GlobalComponents["chat-bot"]>["$props"];

export const accepted: Props = {
  class: ["assistant"],
  endpoint: "https://assistant.example/api/chatbot",
  "token-url": "/chat-token",
  tokenProvider: async () => "token",
  suggestions: ["List the members"],
  open: true,
  onChatBotToolResult: ({ name, outcome }) => [name satisfies string, outcome satisfies string],
};

export const refused: Props[] = [
  // @ts-expect-error There is no such place.
  { position: "top" },
  // @ts-expect-error A token comes later: the function returns a promise.
  { tokenProvider: () => "token" },
  // @ts-expect-error An opened panel has no outcome.
  { onChatBotOpen: ({ outcome }) => outcome },
];

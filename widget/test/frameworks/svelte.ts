// What Svelte's language tools check templates against.

import type {} from "@chat-bot/widget/svelte";
import type { SvelteHTMLElements } from "svelte/elements";

type Attributes = SvelteHTMLElements["chat-bot"];

export const accepted: Attributes = {
  class: "assistant",
  endpoint: "https://assistant.example/api/chatbot",
  "token-url": "/chat-token",
  "color-scheme": "dark",
  suggestions: ["List the members"],
  tokenProvider: async () => "token",
  "onchat-bot-error": ({ code, remedy, currentTarget }) => [
    code satisfies string,
    remedy satisfies string,
    currentTarget,
  ],
};

export const refused: Attributes[] = [
  // @ts-expect-error There is no such scheme.
  { "color-scheme": "sepia" },
  // @ts-expect-error It is not a list of texts.
  { suggestions: [1] },
  // @ts-expect-error Links have no code.
  { "onchat-bot-link": ({ code }) => code },
];

// Without a framework, and in Angular, whose templates leave custom elements unchecked and whose code uses the DOM's types.

import "@chat-bot/widget";

const element = document.createElement("chat-bot");
element.tokenProvider = async () => "token";
element.strings = { statusCreatingFile: (path) => path ?? "a file" };
element.addEventListener("chat-bot-message", ({ role, messageId }) => [role satisfies "user" | "assistant", messageId]);
document.addEventListener("chat-bot-open", (event) => event.detail);

export const wasSaid: Promise<boolean> | undefined = document.querySelector("chat-bot")?.send("Hello");

// @ts-expect-error There is no such storage.
element.persist = "forever";
// @ts-expect-error Closing the panel has no reason.
element.addEventListener("chat-bot-close", ({ reason }) => reason);

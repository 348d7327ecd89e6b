// A page without a framework: one script tag in its HTML brings the element, which may come before it or after.

import type { ChatBot } from "@chat-bot/widget";
import { endpoint, fetchToken, HEARD, pageElement, suggestions } from "../host-page.ts";

const assistant = createAssistant();
const output = document.createElement("output");
const heard: string[] = [];
for (const type of HEARD) {
  assistant.addEventListener(type, () => {
    heard.push(type);
    output.textContent = heard.join(", ");
  });
}

const ask = createButton("Ask for the members", async () => {
  await customElements.whenDefined("chat-bot");
  assistant.show();
  await assistant.send("List the members");
});
const toggle = createButton("Take the assistant away", () => {
  if (assistant.isConnected) assistant.remove();
  else pageElement().append(assistant);
  toggle.textContent = assistant.isConnected ? "Take the assistant away" : "Put the assistant back";
});
pageElement().append(ask, toggle, output, assistant);

/** Properties may be set before the element is defined: it takes them over. */
function createAssistant(): ChatBot {
  const element = document.createElement("chat-bot");
  element.setAttribute("endpoint", endpoint);
  element.setAttribute("heading", "Assistant in HTML");
  return Object.assign(element, { tokenProvider: fetchToken, suggestions });
}

function createButton(text: string, onClick: () => unknown): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  button.addEventListener("click", onClick);
  return button;
}

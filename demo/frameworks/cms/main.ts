// As a plugin of a content management system does it: a script that may touch nothing of the page puts the element and
// its script into it when everything else is there. This page draws itself anew from time to time, as such pages do.

import { endpoint, fetchToken, HEARD, pageElement, suggestions } from "../host-page.ts";

const heard: string[] = [];
for (const type of HEARD) {
  // Events bubble: the plugin may listen where it never is replaced.
  document.addEventListener(type, () => {
    heard.push(type);
    const output = document.querySelector("output");
    if (output !== null) output.textContent = heard.join(", ");
  });
}

draw(true);
const script = document.createElement("script");
script.src = new URL("/widget/chat-bot.js", endpoint).href;
script.async = true;
document.head.append(script);

/** Replaces all that there is, with the assistant or without. */
function draw(isThere: boolean): void {
  const page = document.createElement("div");
  page.innerHTML = `
    <button type="button" data-action="ask">Ask for the members</button>
    <button type="button" data-action="toggle">${isThere ? "Take the assistant away" : "Put the assistant back"}</button>
    <output>${heard.join(", ")}</output>
    ${isThere ? '<chat-bot heading="Assistant in a CMS"></chat-bot>' : ""}`;
  const assistant = page.querySelector("chat-bot");
  if (assistant !== null) Object.assign(assistant, { endpoint, tokenProvider: fetchToken, suggestions });
  page.querySelector("[data-action=toggle]")?.addEventListener("click", () => draw(!isThere));
  page.querySelector("[data-action=ask]")?.addEventListener("click", () => {
    assistant?.show();
    void assistant?.send("List the members");
  });
  pageElement().replaceChildren(page);
}

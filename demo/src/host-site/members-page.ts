import { Html, html } from "./html.ts";
import { brand, layout } from "./layout.ts";
import type { Person } from "./person.ts";

export interface MembersPageOptions {
  person: Person;
  /** Origin of the chat-bot server. */
  botOrigin: string;
  /** Claude is the scripted one. */
  isScripted: boolean;
  /** Lets the page's own script run. */
  nonce: string;
}

/** Sentences that show what the assistant can do, by who asks. */
const TO_TRY: Readonly<Record<Person["role"], readonly string[]>> = {
  admin: [
    "List the members",
    "Show member Hana Novák",
    "Remove George O'Brien",
    "Invite ada.byron@example.org",
    "Create a file notes/hello.txt with content Hello world",
    "Create a file log/season.txt with 2000 lines",
    "List the members and create a file notes/today.txt with content High tide at noon",
    "Show me Markdown",
    "Fail with overloaded once",
  ],
  member: [
    "List the members",
    "Show member Hana Novák",
    "Remove George O'Brien",
    "Show me Markdown",
    "Fail with overloaded once",
  ],
};

/** The page that embeds the assistant: one script tag and one element, besides what the club has to say. */
export function membersPage(options: MembersPageOptions): string {
  const { person, botOrigin, nonce } = options;
  return layout(
    "Members’ area",
    html`<header>
      ${brand}
      <form method="post" action="/sign-out">
        <span>${person.name} <span class="badge">${person.role}</span></span>
        <button>Sign out</button>
      </form>
    </header>
    ${banner(options.isScripted)}
    <main>
      <section class="hero">
        <h1>Good to see you, ${person.name.split(" ")[0] ?? person.name}.</h1>
        <p>The slipway is clear, the launch is fuelled, and the wind comes from where it should.</p>
      </section>
      ${clubNews}
      <section aria-labelledby="try">
        <h2 id="try">Ask the club assistant</h2>
        <p>Open it at the corner of the page, or send one of these:</p>
        <ul class="try">${TO_TRY[person.role].map((text) => html`<li><button type="button" data-say="${text}">${text}</button></li>`)}</ul>
      </section>
    </main>
    <footer>
      An invented club. Tides, times and people are made up.
      <a href="/frameworks">The assistant in React, Vue, Svelte, Angular and plain pages</a>
    </footer>
    <chat-bot
      endpoint="${botOrigin}/api/chatbot"
      token-url="/chat-token"
      heading="Club assistant"
      greeting="Hello! I can look up members and, if you are allowed to, change things for you."
    ></chat-bot>
    <script src="${botOrigin}/widget/chat-bot.js" async></script>
    <script nonce="${nonce}">${sendOnClick}</script>`,
  );
}

/** Uses nothing but the element's public methods. */
const sendOnClick = new Html(`
      document.addEventListener("click", async (event) => {
        const text = event.target.closest("[data-say]")?.dataset.say;
        if (text === undefined) return;
        await customElements.whenDefined("chat-bot");
        const assistant = document.querySelector("chat-bot");
        assistant.show();
        assistant.send(text);
      });
    `);

function banner(isScripted: boolean): Html {
  if (!isScripted) return html``;
  return html`<p class="banner" role="note">
      <strong>The scripted Claude answers here.</strong> It follows a few rules and understands only a handful of requests.
      Start the demo with <code>ANTHROPIC_API_KEY</code> to talk to the real one.
    </p>`;
}

const clubNews: Html = html`<div class="cards">
        <section>
          <h2>On the water</h2>
          <dl>
            <div><dt>High tide</dt><dd>12:04</dd></div>
            <div><dt>Wind</dt><dd>2 Bft, south-west</dd></div>
            <div><dt>Water</dt><dd>14 °C</dd></div>
          </dl>
        </section>
        <section>
          <h2>Training</h2>
          <dl>
            <div><dt>Beginners</dt><dd>Monday 18:00</dd></div>
            <div><dt>Juniors</dt><dd>Wednesday 17:30</dd></div>
            <div><dt>Everybody</dt><dd>Saturday 09:00</dd></div>
          </dl>
        </section>
        <section>
          <h2>Notice board</h2>
          <p>The new oars have come. They want painting before the regatta: Saturday after training, old clothes, cake provided.</p>
        </section>
      </div>`;

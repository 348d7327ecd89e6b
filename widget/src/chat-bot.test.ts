import { expect, fixtureSync, html, nextFrame, oneEvent, waitUntil } from "@open-wc/testing";
import { sendKeys } from "@web/test-runner-commands";
import {
  asksFor,
  endOfTurn,
  firstTurn,
  openPanel,
  request,
  type SampleServer,
  says,
  settled,
  startSampleServer,
} from "../test/sample-panel.ts";
import { until } from "../test/until.ts";
import { ChatBot } from "./chat-bot.ts";
import { defineChatBot } from "./define.ts";

function launcherOf(element: ChatBot): HTMLElement {
  const launcher = element.shadowRoot?.querySelector<HTMLElement>(".launcher");
  if (!launcher) throw new Error("There is no button.");
  return launcher;
}

async function ask(element: ChatBot, server: SampleServer, text = "Hello"): Promise<void> {
  void element.send(text);
  await waitUntil(() => server.requests.some(({ route }) => route === "POST /message"), "nothing was sent");
}

describe("ChatBot", () => {
  let server: SampleServer;
  beforeEach(() => {
    server = startSampleServer();
  });
  afterEach(() => {
    server.restore();
  });

  const reflected: [property: keyof ChatBot, attribute: string, value: string, initially: string | null][] = [
    ["endpoint", "endpoint", "/x", null],
    ["tokenUrl", "token-url", "/t", null],
    ["mode", "mode", "inline", "floating"],
    ["position", "position", "start", "end"],
    ["colorScheme", "color-scheme", "dark", "auto"],
    ["lang", "lang", "pt-BR", ""],
    ["heading", "heading", "Help", null],
    ["greeting", "greeting", "Hi", null],
    ["placeholder", "placeholder", "Ask", null],
    ["conversationId", "conversation-id", "c9", null],
    ["persist", "persist", "local", "session"],
  ];
  for (const [property, attribute, value, initially] of reflected) {
    it(`has ${property} as property and ${attribute} as attribute`, () => {
      const element = document.createElement("chat-bot");
      expect(Reflect.get(element, property)).to.equal(initially);
      Reflect.set(element, property, value);
      expect(element.getAttribute(attribute)).to.equal(value);
      element.removeAttribute(attribute);
      expect(Reflect.get(element, property)).to.equal(initially);
      element.setAttribute(attribute, value);
      expect(Reflect.get(element, property)).to.equal(value);
    });
  }

  for (const property of ["mode", "position", "colorScheme", "persist"] as const) {
    it(`falls back to the default of ${property}`, () => {
      const element = document.createElement("chat-bot");
      const initially = element[property];
      Reflect.set(element, property, "nonsense");
      expect(element[property]).to.equal(initially);
    });
  }

  it("keeps the token in memory and out of the document", () => {
    const element = fixtureSync<ChatBot>(html`<chat-bot token="secret"></chat-bot>`);
    expect(element.token).to.equal("secret");
    expect(element.outerHTML).not.to.contain("secret");
    element.token = "other";
    expect(element.outerHTML).not.to.contain("other");
  });

  it("keeps properties set before it was defined", () => {
    const name = "chat-bot-late";
    const element: HTMLElement = document.createElement(name);
    Object.assign(element, { heading: "Early", suggestions: ["One"], open: false });
    document.body.append(element);
    class Late extends ChatBot {}
    customElements.define(name, Late);
    expect(element.getAttribute("heading")).to.equal("Early");
    expect(Reflect.get(element, "suggestions")).to.deep.equal(["One"]);
    expect(Object.hasOwn(element, "heading")).to.equal(false);
    element.remove();
  });

  it("is not harmed by being defined twice", () => {
    defineChatBot(() => Promise.reject(new Error("not this one")));
    expect(customElements.get("chat-bot")).to.equal(ChatBot);
  });

  it("draws its button at once", () => {
    const element = fixtureSync<ChatBot>(html`<chat-bot lang="en"></chat-bot>`);
    expect(launcherOf(element).ariaLabel).to.equal("Open chat");
    expect(launcherOf(element).ariaExpanded).to.equal("false");
  });

  const spoken: [language: string, name: string][] = [
    ["en-GB", "Open chat"],
    ["pt-BR", "Abrir o chat"],
    ["es", "Abrir chat"],
    ["fr_CA", "Ouvrir le chat"],
    ["DE", "Chat öffnen"],
    ["it", "Apri chat"],
    ["ja", "チャットを開く"],
    ["zh-CN", "打开聊天"],
    ["ar", "فتح الدردشة"],
    ["he", "פתיחת הצ׳אט"],
    ["constructor", "Open chat"],
    ["d", "Open chat"],
  ];
  for (const [language, name] of spoken) {
    it(`names its button in ${language} before there is a panel`, () => {
      const { loadPanel } = ChatBot;
      ChatBot.loadPanel = () => new Promise(() => {});
      const element = fixtureSync<ChatBot>(html`<chat-bot lang=${language}></chat-bot>`);
      expect(launcherOf(element).ariaLabel).to.equal(name);
      element.show();
      // There is nothing to close yet.
      expect(launcherOf(element).ariaLabel).to.equal(name);
      expect(launcherOf(element).ariaExpanded).to.equal("true");
      ChatBot.loadPanel = loadPanel;
    });
  }

  it("opens, closes and says so", async () => {
    const element = fixtureSync<ChatBot>(html`<chat-bot endpoint="/api/chatbot"></chat-bot>`);
    const events: string[] = [];
    for (const type of ["chat-bot-open", "chat-bot-close"]) {
      element.addEventListener(type, () => events.push(type));
    }
    element.show();
    element.show();
    expect(element.open).to.equal(true);
    element.hide();
    element.toggle();
    element.open = false;
    expect(events).to.deep.equal(["chat-bot-open", "chat-bot-close", "chat-bot-open", "chat-bot-close"]);
  });

  it("moves the focus into the panel, and back to the button", async () => {
    const { element, root } = await openPanel(false);
    launcherOf(element).click();
    await waitUntil(() => root.activeElement?.localName === "textarea", "the message box has no focus");
    await sendKeys({ press: "Escape" });
    expect(element.open).to.equal(false);
    expect(root.activeElement).to.equal(launcherOf(element));
  });

  it("leaves the focus where it is when it is open from the start", async () => {
    const input = fixtureSync<HTMLInputElement>(html`<input />`);
    input.focus();
    const element = fixtureSync<ChatBot>(html`<chat-bot endpoint="/api/chatbot" persist="none" open></chat-bot>`);
    await waitUntil(() => element.shadowRoot?.querySelector("textarea"));
    await nextFrame();
    expect(document.activeElement).to.equal(input);
  });

  it("takes messages before its panel is there, and tells of them", async () => {
    const element = fixtureSync<ChatBot>(
      html`<chat-bot endpoint="/api/chatbot" token="a.b.c" persist="none"></chat-bot>`,
    );
    const taken = element.send("Hello");
    await waitUntil(() => server.requests.length > 0);
    expect(await taken).to.equal(true);
    expect(server.requests[0]?.body).to.deep.include({ message: "Hello" });
    const said = oneEvent(element, "chat-bot-message");
    server.stream(...firstTurn("Hello"));
    expect((await said).detail).to.deep.equal({ conversationId: "c1", messageId: "m1", role: "user" });
    expect(element.conversationId).to.equal("c1");
  });

  it("shows the answer, and tells of its end", async () => {
    const { element, root } = await openPanel();
    await ask(element, server);
    const ended = oneEvent(element, "chat-bot-turn-end");
    server.stream(...firstTurn("Hello"), says("**Hi** there"), endOfTurn);
    expect((await ended).detail).to.deep.equal({ conversationId: "c1", turnId: "t1", reason: "end_turn" });
    await until(() => root.querySelector(".theirs strong")?.textContent === "Hi");
    await settled(root);
    expect(root.querySelector("[role=status]")?.textContent).to.contain("Hi");
  });

  it("counts what arrives while it is closed", async () => {
    const { element, root } = await openPanel(false);
    await ask(element, server);
    server.stream(...firstTurn("Hello"), says("Hi"), endOfTurn);
    await waitUntil(() => launcherOf(element).ariaLabel === "Open chat, 1 unread message", "nothing was counted");
    const badge = root.querySelector<HTMLElement>(".badge");
    expect(badge?.textContent).to.equal("1");
    expect(badge?.hidden).to.equal(false);
    element.show();
    await settled(root);
    expect(badge?.hidden).to.equal(true);
  });

  it("asks for approval, and sends the answer with the hash that was shown", async () => {
    const { element, root } = await openPanel();
    await ask(element, server);
    server.stream(...firstTurn("Hello"), ...asksFor("u1", { path: "x" }), request("u1", { path: "x" }));
    await waitUntil(() => root.querySelector(".deny"));
    await settled(root);
    expect(root.querySelector(".content")?.hasAttribute("inert")).to.equal(true);
    await sendKeys({ press: "Escape" });
    expect(element.open).to.equal(true);
    root.querySelector<HTMLElement>(".deny")?.click();
    await waitUntil(() => server.requests.some(({ route }) => route === "POST /approval"));
    expect(server.requests.at(-1)?.body).to.deep.include({
      conversation_id: "c1",
      tool_use_id: "u1",
      approved: false,
      input_sha256: "0".repeat(64),
    });
  });

  for (const [method, approved] of [
    ["approve", true],
    ["deny", false],
  ] as const) {
    it(`leaves the question to a host that takes it, and hears ${method}()`, async () => {
      const { element, root } = await openPanel();
      element.addEventListener("chat-bot-tool-request", (event) => event.preventDefault());
      await ask(element, server);
      const asked = oneEvent(element, "chat-bot-tool-request");
      server.stream(...firstTurn("Hello"), ...asksFor("u1", {}), request("u1", {}));
      expect((await asked).detail.toolUseId).to.equal("u1");
      await settled(root);
      expect(root.querySelector(".deny")).to.equal(null);
      await element[method]("u1");
      expect(server.requests.at(-1)?.body).to.deep.include({ tool_use_id: "u1", approved });
    });
  }

  it("shows an error with its way out", async () => {
    const { element, root } = await openPanel();
    server.refuse(429, {
      error: "limit_exceeded",
      message: "The limit is reached.",
      request_id: "r",
      limit_type: "user",
      limit: 1,
      used: 1,
      resets_at: "2030-01-01T00:00:00.000Z",
    });
    const failed = oneEvent(element, "chat-bot-error");
    void element.send("Hello");
    expect((await failed).detail).to.deep.include({ code: "limit_exceeded", remedy: "wait" });
    await settled(root);
    expect(root.querySelector(".error p")?.textContent).to.contain("The limit resets on");
    expect(root.querySelector("[role=alert]")?.textContent).to.contain("The limit resets on");
    expect(root.querySelector("[role=status]")?.textContent).to.equal("");
  });

  it("says that something is wrong when it was told no server", async () => {
    const element = fixtureSync<ChatBot>(html`<chat-bot persist="none" lang="en" open></chat-bot>`);
    const failed = oneEvent(element, "chat-bot-error");
    void element.send("Hello");
    expect((await failed).detail).to.deep.include({ code: "internal" });
    expect(server.requests).to.deep.equal([]);
  });

  it("lets the host take a link over", async () => {
    const { element, root } = await openPanel();
    await ask(element, server);
    server.stream(...firstTurn("Hello"), says("[example.com](https://example.com/)"), endOfTurn);
    await waitUntil(() => root.querySelector(".theirs a"));
    let href = "";
    element.addEventListener("chat-bot-link", (event) => {
      href = event.href;
      event.preventDefault();
    });
    const click = new MouseEvent("click", { bubbles: true, cancelable: true, composed: true });
    root.querySelector(".theirs a")?.dispatchEvent(click);
    expect(href).to.equal("https://example.com/");
    expect(click.defaultPrevented).to.equal(true);
  });

  it("asks before it follows a link whose label names another host", async () => {
    const { element, root } = await openPanel();
    await ask(element, server);
    server.stream(...firstTurn("Hello"), says("[paypal.com](https://evil.example/)"), endOfTurn);
    await waitUntil(() => root.querySelector(".theirs a"));
    root.querySelector<HTMLElement>(".theirs a")?.click();
    await settled(root);
    expect(root.querySelector(".address")?.textContent).to.equal("https://evil.example/");
    expect(root.activeElement?.textContent?.trim()).to.equal("Cancel");
    await sendKeys({ press: "Escape" });
    await settled(root);
    expect(root.querySelector(".address")).to.equal(null);
    expect(element.open).to.equal(true);
  });

  it("offers suggestions, and sends the one pressed", async () => {
    const { element, root } = await openPanel();
    element.suggestions = ["List the members"];
    await settled(root);
    root.querySelector<HTMLElement>(".suggestions button")?.click();
    await waitUntil(() => server.requests.length > 0);
    expect(server.requests[0]?.body).to.deep.include({ message: "List the members" });
  });

  it("shows the host's texts in place of its own", async () => {
    const { element, root } = await openPanel();
    Object.assign(element, {
      heading: "Acme help",
      greeting: "Welcome",
      placeholder: "Ask Acme",
      strings: { send: "Go" },
    });
    await settled(root);
    expect(root.querySelector("h1")?.textContent).to.equal("Acme help");
    expect(root.querySelector(".greeting")?.textContent).to.equal("Welcome");
    expect(root.querySelector("textarea")?.placeholder).to.equal("Ask Acme");
    expect(root.querySelector(".send")?.ariaLabel).to.equal("Go");
  });

  it("stands where it is in inline mode, without a button", async () => {
    const element = fixtureSync<ChatBot>(
      html`<chat-bot mode="inline" endpoint="/api/chatbot" persist="none" lang="en"></chat-bot>`,
    );
    const root = element.shadowRoot;
    await waitUntil(() => root?.querySelector("textarea"));
    expect(launcherOf(element).checkVisibility()).to.equal(false);
    expect(root?.querySelector<HTMLElement>(".panel")?.checkVisibility({ visibilityProperty: true })).to.equal(true);
    expect(root?.querySelector(".panel")?.role).to.equal("region");
  });

  for (const [language, part] of [
    ["de", "Laden fehlgeschlagen"],
    ["ja", "読み込めません"],
    ["ar", "تعذر التحميل"],
  ] as const) {
    it(`says in ${language} that the panel cannot be fetched, with what it has at hand`, async () => {
      const { loadPanel } = ChatBot;
      ChatBot.loadPanel = () => Promise.reject(new Error("offline"));
      const element = fixtureSync<ChatBot>(html`<chat-bot lang=${language}></chat-bot>`);
      launcherOf(element).click();
      await waitUntil(() => element.shadowRoot?.querySelector(".notice")?.textContent?.includes(part));
      expect(element.shadowRoot?.querySelector(".notice")?.role).to.equal("alert");
      ChatBot.loadPanel = loadPanel;
    });
  }

  it("goes on as it was when it is moved: conversation, draft and focus", async () => {
    const { element, root } = await openPanel();
    await ask(element, server);
    server.stream(...firstTurn("Hello"), says("Hi"));
    await waitUntil(() => root.querySelector(".theirs")?.textContent?.includes("Hi"));
    const input = root.querySelector("textarea");
    if (input === null) throw new Error("There is no message box.");
    input.value = "half a thought";
    input.dispatchEvent(new InputEvent("input", { bubbles: true }));
    input.focus();
    const elsewhere = fixtureSync<HTMLElement>(html`<section></section>`);
    elsewhere.append(element);
    expect(root.activeElement).to.equal(input);
    const ended = oneEvent(element, "chat-bot-turn-end");
    server.stream(says(" again", 2), endOfTurn);
    await ended;
    await settled(root);
    expect(root.querySelector(".theirs")?.textContent).to.contain("Hi again");
    expect(root.querySelector("textarea")).to.equal(input);
    expect(input.value).to.equal("half a thought");
    expect(element.open).to.equal(true);
    expect(server.requests.map(({ route }) => route)).not.to.include("GET /conversations/c1/events");
  });

  it("keeps to its own endpoint beside another element", async () => {
    const one = fixtureSync<ChatBot>(html`<chat-bot endpoint="/api/chatbot/one" token="a.b.c"></chat-bot>`);
    const other = fixtureSync<ChatBot>(html`<chat-bot endpoint="/api/chatbot/other" token="a.b.c"></chat-bot>`);
    void one.send("To one");
    void other.send("To the other");
    await waitUntil(() => server.requests.length === 2);
    const sent = server.requests.map(({ route, body }) => `${route}: ${Reflect.get(Object(body), "message")}`);
    expect(sent).to.have.members(["POST /one/message: To one", "POST /other/message: To the other"]);
    one.show();
    expect(other.open).to.equal(false);
    one.remove();
    other.remove();
    sessionStorage.clear();
  });

  it("says so when the panel cannot be fetched, and tries again", async () => {
    const { loadPanel } = ChatBot;
    const element = fixtureSync<ChatBot>(html`<chat-bot endpoint="/api/chatbot" persist="none" lang="en"></chat-bot>`);
    ChatBot.loadPanel = () => Promise.reject(new Error("offline"));
    launcherOf(element).click();
    await waitUntil(() => element.shadowRoot?.querySelector(".notice"));
    expect(element.shadowRoot?.querySelector(".notice")?.textContent).to.contain("could not be loaded");
    ChatBot.loadPanel = loadPanel;
    element.hide();
    element.show();
    await waitUntil(() => element.shadowRoot?.querySelector("textarea"));
    expect(element.shadowRoot?.querySelector(".notice")).to.equal(null);
  });

  it("says so, and draws nothing else, where the browser has no style sheets to adopt", () => {
    const { replaceSync } = CSSStyleSheet.prototype;
    CSSStyleSheet.prototype.replaceSync = () => {
      throw new TypeError("not supported");
    };
    try {
      const element = fixtureSync<ChatBot>(html`<chat-bot endpoint="/api/chatbot" lang="en" open></chat-bot>`);
      expect(element.shadowRoot?.textContent).to.contain("could not be loaded");
      expect(element.shadowRoot?.childElementCount).to.equal(0);
    } finally {
      CSSStyleSheet.prototype.replaceSync = replaceSync;
    }
  });
});

/** For the tests of the views: a `<chat-bot>` on the page, and a server whose answers the test writes. */
import { fixtureSync, html, nextFrame, waitUntil } from "@open-wc/testing";
import type { ChatBot } from "../src/chat-bot.ts";
import { defineChatBot } from "../src/define.ts";
import type { ServerEvent, ToolRequestEvent } from "../src/protocol/index.ts";

defineChatBot(() => import("../src/chat-bot-panel.ts"));

/** A server that lives in `window.fetch` until `restore()`. */
export interface SampleServer {
  /** Requests so far, as `METHOD /path`, with their bodies. */
  requests: { route: string; body: unknown }[];
  /** Sends events to the reader of the last message. */
  stream(...events: ServerEvent[]): void;
  /** Refuses messages from now on. */
  refuse(status: number, body: object): void;
  /** Answers a route, as `GET /session`, from now on. */
  answer(route: string, body: object): void;
  /** Breaks the connection of the last message, and takes no other. */
  breakOff(): void;
  restore(): void;
}

/** Replaces `window.fetch`. */
export function startSampleServer(): SampleServer {
  const original = window.fetch;
  const encoder = new TextEncoder();
  const requests: SampleServer["requests"] = [];
  let reader: ReadableStreamDefaultController<Uint8Array> | null = null;
  let refusal: Response | null = null;
  let isAway = false;
  const answers = new Map<string, object>();
  let sequence = 0;

  window.fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input, location.href);
    if (!url.pathname.startsWith("/api/chatbot")) return original(input, init);
    const route = `${init?.method ?? "GET"} ${url.pathname.slice("/api/chatbot".length)}`;
    const body = typeof init?.body === "string" ? JSON.parse(init.body) : null;
    requests.push({ route, body });
    if (isAway) throw new TypeError("Failed to fetch");
    const answer = answers.get(route);
    if (answer !== undefined) return Response.json(answer);
    if (route === "POST /approval") {
      const decision = body.approved === true ? "approved" : "denied";
      return Response.json({ tool_use_id: body.tool_use_id, decision, decided_at: new Date(0).toISOString() });
    }
    if (route === "POST /cancel") return new Response(null, { status: 202 });
    if (route !== "POST /message") {
      return Response.json({ error: "not_found", message: "Not found", request_id: "r" }, { status: 404 });
    }
    if (refusal !== null) return refusal.clone();
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        reader = controller;
      },
    });
    return new Response(stream, { headers: { "Content-Type": "text/event-stream; charset=utf-8" } });
  };

  return {
    requests,
    stream(...events) {
      for (const event of events) {
        sequence += 1;
        const text = `id: 1-${sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
        reader?.enqueue(encoder.encode(text));
        if (event.type === "done") reader?.close();
      }
    },
    refuse(status, body) {
      refusal = Response.json(body, { status });
    },
    answer(route, body) {
      answers.set(route, body);
    },
    breakOff() {
      isAway = true;
      reader?.error(new TypeError("network error"));
    },
    restore() {
      window.fetch = original;
    },
  };
}

/** A panel that is there, open unless `isOpen` is false. */
export async function openPanel(isOpen = true): Promise<{ element: ChatBot; root: ShadowRoot }> {
  const element = fixtureSync<ChatBot>(
    html`<chat-bot endpoint="/api/chatbot" token="a.b.c" persist="none" lang="en" color-scheme="light"></chat-bot>`,
  );
  const root = element.shadowRoot;
  if (root === null) throw new Error("The element has no shadow root.");
  element.toggleAttribute("open", true);
  await waitUntil(() => root.querySelector("textarea") !== null, "the panel did not come", { timeout: 30_000 });
  element.toggleAttribute("open", isOpen);
  await settled(root);
  return { element, root };
}

/** Has everything laid out: what is out of view and `content-visibility: auto` may be measured as it was before. */
export function layOutAll(root: ShadowRoot): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { content-visibility: visible !important; }");
  root.adoptedStyleSheets.push(sheet);
}

/** Rendered, and done moving. */
export async function settled(root: ShadowRoot): Promise<void> {
  await nextFrame();
  await nextFrame();
  const moving = root
    .getAnimations()
    .filter(({ effect }) => effect?.getComputedTiming().iterations !== Number.POSITIVE_INFINITY);
  await Promise.allSettled(moving.map(({ finished }) => finished));
  await nextFrame();
}

/** The first events of the first turn. */
export function firstTurn(text: string): ServerEvent[] {
  return [
    { type: "session_created", conversation_id: "c1", model: "m", protocol: 1 },
    { type: "status_update", state: "started", turn_id: "t1", message: { id: "m1", text } },
    { type: "status_update", state: "ai_typing" },
  ];
}

/** The end of it. */
export const endOfTurn: ServerEvent = { type: "done", turn_id: "t1", reason: "end_turn" };

/** One piece of its text. */
export function says(text: string, offset = 0): ServerEvent {
  return { type: "text", block: 0, offset, text };
}

/** A tool call, as the model asks for it. */
export function asksFor(id: string, input: Record<string, unknown>): ServerEvent[] {
  const use = {
    type: "tool_use" as const,
    tool_use_id: id,
    name: "workspace__write_file",
    title: "Write file",
    server: "workspace",
  };
  return [use, { ...use, input }];
}

/** A request for approval of it. */
export function request(
  id: string,
  input: Record<string, unknown>,
  more: Partial<ToolRequestEvent> = {},
): ToolRequestEvent {
  return {
    type: "tool_request",
    tool_use_id: id,
    name: "workspace__write_file",
    title: "Write file",
    description: "Writes a file.",
    input,
    input_sha256: "0".repeat(64),
    annotations: {},
    expires_at: new Date(Date.now() + 600_000).toISOString(),
    remember: ["once"],
    ...more,
  };
}

/** For the tests of how the panel looks and is used: what a person may find it doing. */
import type { ChatBot } from "../src/chat-bot.ts";
import type { ToolOutcome } from "../src/protocol/index.ts";
import { asksFor, endOfTurn, firstTurn, request, type SampleServer, says } from "./sample-panel.ts";
import { until } from "./until.ts";

type Prepare = (element: ChatBot, root: ShadowRoot, server: SampleServer) => Promise<void>;

const MARKDOWN =
  "# Title\n\nText with [a link](https://example.com), `code` and ~~more~~.\n\n- [x] done\n- [ ] open\n\n1. first\n\n|a|b|\n|-|-|\n|1|2|\n\n```js\nlet a = 1;\n```\n\n> quoted\n\n---\n";

const SESSION = {
  user: { id: "u", name: "Amara Okafor" },
  organization: { id: "club" },
  permissions: ["chatbot:use"],
  tools: [
    { name: "workspace__write_file", title: "Write file", description: "Writes a file.", approval: "always" },
    { name: "members__list", title: "List members", description: "Lists them.", approval: "never" },
  ],
  limits: {
    user: { used: 49_950, reserved: 0, limit: 50_000, resets_at: "2030-01-01T00:00:00.000Z" },
    organization: { used: 100_000, reserved: 0, limit: 1_000_000, resets_at: "2030-01-01T00:00:00.000Z" },
  },
  model: "m",
  features: {},
};

const INPUT = { path: "a\u202eb", content: "x" };

/** By name, in an open panel that is empty before. */
export const sampleStates: Readonly<Record<string, Prepare>> = {
  "an empty conversation": async (element) => void Object.assign(element, { suggestions: ["One", "Two"] }),
  "a conversation with all that an answer may hold": async (element, root, server) => {
    await ask(element, server);
    server.stream(
      ...firstTurn("Hello"),
      says(MARKDOWN),
      ...asksFor("u1", { path: "x" }),
      result("u1", "ok"),
      ...asksFor("u2", { path: "y" }),
      result("u2", "error"),
      endOfTurn,
    );
    await until(() => root.querySelectorAll(".tool-head").length === 2);
    root.querySelector<HTMLElement>(".tool-head")?.click();
    await until(() => root.querySelector("table"));
  },
  "an answer being written": async (element, root, server) => {
    await ask(element, server);
    server.stream(...firstTurn("Hello"), says("One moment"));
    await until(() => root.querySelector(".markdown")?.textContent?.includes("One moment"));
  },
  "a tool running": async (element, root, server) => {
    await ask(element, server);
    server.stream(
      ...firstTurn("Hello"),
      ...asksFor("u1", { path: "x" }),
      { type: "status_update", state: "tool_running", tool_use_id: "u1", file_path: "x" },
      {
        type: "tool_chunk",
        tool_use_id: "u1",
        channel: "file",
        offset: 0,
        chunk: "one\n",
        path: "x",
        progress: 4,
        total: 8,
      },
    );
    await until(() => root.querySelector("progress"));
  },
  "an approval": async (element, root, server) => {
    await ask(element, server);
    const more = { annotations: { destructiveHint: true }, remember: ["once" as const, "conversation" as const] };
    server.stream(...firstTurn("Hello"), ...asksFor("u1", INPUT), request("u1", INPUT, more));
    await isArmed(root);
  },
  "several approvals": async (element, root, server) => {
    await ask(element, server);
    const calls = ["u1", "u2", "u3"].flatMap((id) => [...asksFor(id, INPUT), request(id, INPUT)]);
    server.stream(...firstTurn("Hello"), ...calls);
    await isArmed(root);
  },
  "an error": async (element, root, server) => {
    server.refuse(403, { error: "forbidden", message: "Not for you.", request_id: "r" });
    void element.send("Hello");
    await until(() => root.querySelector(".error"));
  },
  "a connection that is gone": async (element, root, server) => {
    await ask(element, server);
    server.stream(...firstTurn("Hello"), says("One moment"));
    await until(() => root.querySelector(".markdown")?.textContent?.includes("One moment"));
    server.breakOff();
    await until(() => root.querySelector(".status.is-reconnecting"));
  },
  "a session that has ended": async (element, root, server) => {
    server.refuse(401, { error: "invalid_token", message: "Please sign in.", request_id: "r" });
    void element.send("Hello");
    await until(() => root.querySelector(".error .text-button"));
  },
  "what the assistant may do here": async (_element, root, server) => {
    server.answer("GET /session", SESSION);
    await until(() => root.querySelector("[part='session-button']"));
    root.querySelector<HTMLElement>("[part='session-button']")?.click();
    await until(() => root.querySelector(".session meter"));
  },
  "a daily limit that is nearly used up": async (element, root, server) => {
    server.answer("GET /usage", SESSION.limits);
    await ask(element, server);
    const tokens = { input_tokens: 1, output_tokens: 1, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
    const remaining = { user: 50, organization: 900_000 };
    server.stream(...firstTurn("Hello"), says("Hi"), { type: "usage", step: 1, ...tokens, remaining }, endOfTurn);
    await until(() => root.querySelector(".notice-line"));
  },
  "a question that ran out": async (element, root, server) => {
    await ask(element, server);
    server.stream(...firstTurn("Hello"), ...asksFor("u1", INPUT), request("u1", INPUT));
    await isArmed(root);
    server.stream(result("u1", "expired"), endOfTurn);
    await until(() => root.querySelector(".notice-line"));
  },
  "a link that does not say where it leads": async (element, root, server) => {
    await ask(element, server);
    server.stream(...firstTurn("Hello"), says("[example.com](https://example.org/)"), endOfTurn);
    await until(() => root.querySelector(".markdown a"));
    root.querySelector<HTMLElement>(".markdown a")?.click();
    await until(() => root.querySelector("[part='link-dialog']"));
  },
};

/** Says something, and waits until the server has it. */
async function ask(element: ChatBot, server: SampleServer): Promise<void> {
  const before = server.requests.length;
  void element.send("Hello");
  await until(() => server.requests.length > before);
}

async function isArmed(root: ShadowRoot): Promise<void> {
  await until(() => root.querySelector(".approve")?.ariaDisabled === "false");
}

function result(id: string, outcome: ToolOutcome): Parameters<SampleServer["stream"]>[0] {
  return {
    type: "tool_result",
    tool_use_id: id,
    name: "workspace__write_file",
    outcome,
    content: [{ type: "text", text: "Written." }],
    truncated: false,
    duration_ms: 12,
  };
}

import { once } from "node:events";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import type { ConversationList, ConversationSnapshot, ServerEvent, SessionResponse } from "@chat-bot/widget/protocol";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Engine, type EngineOptions } from "../test/engine.ts";
import { aTool, text } from "../test/handmade-tools.ts";
import { anIdentity, anOwner } from "../test/records.ts";
import { createApp } from "./app.ts";
import { ChatError } from "./errors.ts";
import { createLogger } from "./observe/logger.ts";
import { createMetrics } from "./observe/metrics.ts";
import type { Owner } from "./store/identity.ts";
import { OpenStreams } from "./stream/open-streams.ts";

/** Who asks, by the bearer token of these tests. */
const OWNERS: Record<string, Owner> = {
  ada: anOwner(),
  bob: anOwner({ user: "bob" }),
  adaElsewhere: anOwner({ organization: "other" }),
  adaOfAnother: anOwner({ issuer: "https://other.example" }),
};

interface Received {
  id: string;
  data: ServerEvent;
}

interface Api {
  engine: Engine;
  streams: OpenStreams;
  call(method: string, path: string, options?: CallOptions): Promise<Response>;
}

interface CallOptions {
  body?: unknown;
  token?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

async function start(options: EngineOptions = {}): Promise<Api> {
  const engine = await Engine.start(options);
  const { store, budget, replica } = engine;
  const streams = new OpenStreams({ perUser: 3, perOrganization: 10, perProcess: 20 });
  const services = { store, budget, coordination: replica.coordination, runner: replica.runner, streams };
  const metrics = createMetrics({
    openStreams: () => streams.total,
    isDegraded: () => false,
    toolServers: () => new Map(),
  });
  const app = createApp(
    { ...services, turn: engine.services(), logger: createLogger("silent"), metrics },
    {
      authenticate: {
        issuers: Object.values(OWNERS).map(({ issuer }) => ({ issuer, origins: [] })),
        async verifyToken(token) {
          const owner = OWNERS[token];
          if (owner === undefined || engine.revoked.has(owner.user)) throw new ChatError("invalid_token");
          return anIdentity({ owner, expiresAtMs: engine.now() + 3_600_000 });
        },
      },
      origins: [],
      requestsPerMinute: 10_000,
      lockTtlMs: 300_000,
      isEnabled: true,
      metricsToken: null,
      toolTokenKeys: null,
      widgetDirectory: tmpdir(),
    },
  );
  const server = createServer(app.callback());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await engine.stop();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    engine,
    streams,
    call: (method, path, { body, token = "ada", headers = {}, signal } = {}) =>
      fetch(`http://127.0.0.1:${port}/api/chatbot${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      }),
  };
}

const script = (steps: unknown, conversation_id?: string): object => ({
  message: `script:${JSON.stringify(steps)}`,
  ...(conversation_id === undefined ? {} : { conversation_id }),
});

const WRITE = { name: "notes__write", input: { path: "a.txt" }, id: "toolu_write" };

function parse(stream: string): Received[] {
  return stream
    .split("\n\n")
    .map((block) => /^id: (.+)\nevent: .+\ndata: (.+)$/.exec(block))
    .flatMap((match) =>
      match?.[1] === undefined || match[2] === undefined ? [] : [{ id: match[1], data: JSON.parse(match[2]) }],
    );
}

/** Only the events: the first line of a stream is the reader's business. */
function events(stream: string): string {
  return stream.slice(stream.indexOf("id: "));
}

/** A stream that is read piece by piece. */
class Reading {
  readonly #pieces: AsyncIterator<string>;
  #text = "";

  constructor(response: Response) {
    const body = response.body ?? expect.fail("there is nothing to read");
    this.#pieces = body.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  }

  /** Everything so far, as soon as an event of this kind is in it. */
  async until(isIt: (event: ServerEvent) => boolean): Promise<Received[]> {
    while (true) {
      const received = parse(this.#text);
      if (received.some(({ data }) => isIt(data))) return received;
      if (!(await this.#more())) throw new Error(`the stream ended without it: ${this.#text}`);
    }
  }

  /** Everything, when the stream has ended. */
  async end(): Promise<Received[]> {
    while (await this.#more());
    return parse(this.#text);
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#pieces.next();
    if (done !== true) this.#text += value;
    return done !== true;
  }
}

/** Reads until an event of this kind has come. */
function readUntil(response: Response, isIt: (event: ServerEvent) => boolean): Promise<Received[]> {
  return new Reading(response).until(isIt);
}

/** The members of an answer. */
async function members(response: Response): Promise<Record<string, unknown>> {
  return JSON.parse(await response.text());
}

function conversationOf(received: readonly Received[]): string {
  for (const { data } of received) if (data.type === "session_created") return data.conversation_id;
  throw new Error("no conversation was created");
}

const isParked = (event: ServerEvent): boolean => event.type === "status_update" && event.state === "awaiting_approval";

describe("POST /message", () => {
  it("streams the turn from its first event to done", async () => {
    const { engine, call } = await start();
    const response = await call("POST", "/message", { body: script({ text: "Hello 😀" }) });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const received = parse(await response.text());
    expect(received.map(({ data }) => data.type)).toEqual([
      "session_created",
      "status_update",
      "status_update",
      "text",
      "usage",
      "done",
    ]);
    await engine.check(conversationOf(received));
  });

  it("gives the same bytes to the same key, and starts nothing", async () => {
    const { engine, call } = await start();
    const body = script({ text: "Once." });
    const headers = { "Idempotency-Key": "key-1" };
    const first = await (await call("POST", "/message", { body, headers })).text();
    const second = await (await call("POST", "/message", { body, headers })).text();
    expect(second).toBe(first);
    expect(engine.prompts).toHaveLength(1);
  });

  it("gives the same stream to three that come with the same key at the same time", async () => {
    const { engine, call, streams } = await start();
    const body = script({ text: "Once.", chunks: 5, delay_ms: 10 });
    const headers = { "Idempotency-Key": "key-1" };
    const answers = await Promise.all(
      [1, 2, 3].map(async () => (await call("POST", "/message", { body, headers })).text()),
    );
    expect(new Set(answers).size).toBe(1);
    expect(engine.prompts).toHaveLength(1);
    expect(streams.total).toBe(0);
  });

  it("refuses a second message of the user meanwhile, and names the turn", async () => {
    const { engine, call } = await start();
    const first = await call("POST", "/message", {
      body: script([{ tool_use: [{ name: "notes__wait" }] }, { text: "Ok." }]),
    });
    const held = await engine.tools.nextHeld();
    const received = await readUntil(first, ({ type }) => type === "tool_use");
    const second = await call("POST", "/message", { body: script({ text: "Me too!" }) });
    expect(second.status).toBe(409);
    const conversation_id = conversationOf(received);
    expect(await second.json()).toMatchObject({ error: "concurrent_request", conversation_id });
    held.answer(text("done"));
    expect((await call("POST", "/message", { body: script({ text: "Bob." }), token: "bob" })).status).toBe(200);
  });

  it("refuses what has no room within the limit, and leaves the user free", async () => {
    const { call, streams } = await start({ limits: { user: 1 } });
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const response = await call("POST", "/message", { body: { message: "Hello" } });
      expect(response.status).toBe(429);
      expect(await response.json()).toMatchObject({ error: "limit_exceeded", limit_type: "user", limit: 1, used: 0 });
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    }
    expect(streams.total).toBe(0);
  });

  it("goes on when its reader leaves: that is not cancelling", async () => {
    const { engine, call } = await start();
    const controller = new AbortController();
    const body = script([{ tool_use: [{ name: "notes__wait" }] }, { text: "The end." }]);
    const response = await call("POST", "/message", { body, signal: controller.signal });
    const received = await readUntil(response, ({ type }) => type === "tool_use");
    const held = await engine.tools.nextHeld();
    controller.abort();
    held.answer(text("done"));
    const id = conversationOf(received);
    const stream = await (await call("GET", `/conversations/${id}/events`)).text();
    expect(parse(stream).at(-1)?.data).toMatchObject({ type: "done", reason: "end_turn" });
  });
});

describe("GET /conversations/:id/events", () => {
  it("completes a stream that was cut after any event, byte for byte", async () => {
    const { call } = await start();
    const body = script([{ text: "word ".repeat(20), tool_use: [{ name: "notes__show" }] }, { text: "The end." }]);
    const whole = events(await (await call("POST", "/message", { body })).text());
    const received = parse(whole);
    const id = conversationOf(received);
    for (const [index, { id: lastId }] of received.entries()) {
      const path = index % 2 === 0 ? `/conversations/${id}/events` : `/conversations/${id}/events?after=${lastId}`;
      const response = await call("GET", path, { headers: index % 2 === 0 ? { "Last-Event-ID": lastId } : {} });
      if (index === received.length - 1) expect(response.status).toBe(204);
      else {
        const rest = events(await response.text());
        expect(whole.endsWith(`\n\n${rest}`)).toBe(true);
        expect(parse(rest)).toHaveLength(received.length - index - 1);
      }
    }
  });

  it.each(["1-9999", "0-1", "nonsense", "1-"])(
    "begins with a snapshot for an id that is not in the log: %s",
    async (last) => {
      const { call } = await start();
      const received = parse(await (await call("POST", "/message", { body: script({ text: "Hello" }) })).text());
      const id = conversationOf(received);
      const response = await call("GET", `/conversations/${id}/events`, { headers: { "Last-Event-ID": last } });
      const [first, ...others] = parse(await response.text());
      expect(first?.id).toBe(received.at(-1)?.id);
      expect(first?.data).toMatchObject({ type: "status_update", state: "snapshot", conversation: { id } });
      expect(others).toEqual([]);
    },
  );

  it("lets two readers follow the same turn", async () => {
    const { engine, call } = await start();
    const response = await call("POST", "/message", {
      body: script([{ tool_use: [{ name: "notes__wait" }] }, { text: "Ok." }]),
    });
    const received = await readUntil(response, ({ type }) => type === "tool_use");
    const held = await engine.tools.nextHeld();
    const id = conversationOf(received);
    const readers = [1, 2].map(async () => (await call("GET", `/conversations/${id}/events`)).text());
    held.answer(text("done"));
    const [first, second] = await Promise.all(readers);
    expect(first).toBe(second);
    expect(parse(first ?? "").at(-1)?.data.type).toBe("done");
  });

  it("refuses a fourth stream of the same user, until one is closed", async () => {
    const { engine, call, streams } = await start();
    const response = await call("POST", "/message", { body: script([{ tool_use: [WRITE] }, { text: "Ok." }]) });
    const received = await readUntil(response, isParked);
    const path = `/conversations/${conversationOf(received)}/events`;
    await Promise.all([call("GET", path), call("GET", path)]);
    expect(streams.total).toBe(3);
    const refused = await call("GET", path);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "5"]);
    expect(engine.faults).toEqual([]);
  });
});

describe("a stream whose reader's token is revoked", () => {
  const isError = (event: ServerEvent): boolean => event.type === "error";

  it("ends while a person is asked; whoever has a new token goes on where it was", async () => {
    const { engine, call } = await start();
    const response = await call("POST", "/message", { body: script([{ tool_use: [WRITE] }, { text: "Done." }]) });
    const reading = new Reading(response);
    const conversation_id = conversationOf(await reading.until(isParked));
    const path = `/conversations/${conversation_id}/events`;
    const second = new Reading(await call("GET", path));
    engine.revoked.add("ada");
    const received = await reading.end();
    expect(await second.end()).toEqual(received);
    expect(received.some(({ data }) => data.type === "done")).toBe(false);
    const headers = { "Last-Event-ID": received.at(-1)?.id ?? "" };
    expect((await call("GET", path, { headers })).status).toBe(401);
    engine.revoked.delete("ada");
    const again = new Reading(await call("GET", path, { headers }));
    const body = { conversation_id, tool_use_id: WRITE.id, approved: true };
    expect((await call("POST", "/approval", { body })).status).toBe(200);
    expect((await again.end()).at(-1)?.data).toMatchObject({ type: "done", reason: "end_turn" });
  });

  it("ends while a tool runs, which goes on", async () => {
    const { engine, call, streams } = await start();
    const steps = [{ tool_use: [{ name: "notes__wait" }] }, { text: "Done." }];
    const reading = new Reading(await call("POST", "/message", { body: script(steps) }));
    const held = await engine.tools.nextHeld();
    engine.revoked.add("ada");
    expect((await reading.end()).some(({ data }) => data.type === "done")).toBe(false);
    await expect.poll(() => streams.total).toBe(0);
    expect(held.context.signal.aborted).toBe(false);
    held.answer(text("waited"));
  });

  it("tells first that the answer was cut", async () => {
    const { engine, call } = await start();
    const stalled = { text: "word ".repeat(100), chunks: 20, fault: "stall", after_bytes: 200 };
    const reading = new Reading(await call("POST", "/message", { body: script(stalled) }));
    await reading.until(({ type }) => type === "text");
    engine.revoked.add("ada");
    const received = await reading.end();
    expect(received.find(({ data }) => isError(data))?.data).toMatchObject({ error: "token_expired" });
    expect(received.at(-1)?.data).toMatchObject({ type: "done", reason: "error" });
  });

  it("is no one else's", async () => {
    const { engine, call, streams } = await start();
    const body = script([{ tool_use: [WRITE] }, { text: "Done." }]);
    const mine = new Reading(await call("POST", "/message", { body }));
    await mine.until(isParked);
    const bobs = new Reading(await call("POST", "/message", { body, token: "bob" }));
    const conversation_id = conversationOf(await bobs.until(isParked));
    engine.revoked.add("ada");
    await mine.end();
    expect(streams.total).toBe(1);
    const decision = { conversation_id, tool_use_id: WRITE.id, approved: true };
    await call("POST", "/approval", { body: decision, token: "bob" });
    expect((await bobs.end()).at(-1)?.data).toMatchObject({ type: "done", reason: "end_turn" });
  });
});

describe("POST /approval", () => {
  it("continues the turn, on the stream that is open", async () => {
    const { engine, call } = await start();
    const response = await call("POST", "/message", { body: script([{ tool_use: [WRITE] }, { text: "Done." }]) });
    const reading = new Reading(response);
    const conversation_id = conversationOf(await reading.until(isParked));
    const body = { conversation_id, tool_use_id: "toolu_write", approved: true };
    const decided = await call("POST", "/approval", { body });
    expect(await decided.json()).toMatchObject({ tool_use_id: "toolu_write", decision: "approved" });
    expect((await reading.end()).at(-1)?.data).toMatchObject({ reason: "end_turn" });
    expect(engine.tools.written).toHaveLength(1);
    expect((await call("POST", "/approval", { body })).status).toBe(200);
    const opposite = await call("POST", "/approval", { body: { ...body, approved: false } });
    expect([opposite.status, await opposite.json()]).toMatchObject([
      409,
      { error: "already_decided", decision: "approved" },
    ]);
    await engine.check(conversation_id);
  });

  it("looks for the call once", async () => {
    const { engine, call } = await start();
    const response = await call("POST", "/message", { body: script([{ tool_use: [WRITE] }, { text: "Done." }]) });
    const reading = new Reading(response);
    const conversation_id = conversationOf(await reading.until(isParked));
    const findToolCall = vi.spyOn(engine.store, "findToolCall");
    const body = { conversation_id, tool_use_id: WRITE.id, approved: true };
    expect((await call("POST", "/approval", { body })).status).toBe(200);
    await reading.end();
    expect(findToolCall).toHaveBeenCalledTimes(1);
  });

  it("waits for no tool server: the rules alone say who may decide", async () => {
    const { engine, call } = await start();
    const response = await call("POST", "/message", { body: script([{ tool_use: [WRITE] }, { text: "Done." }]) });
    const conversation_id = conversationOf(await readUntil(response, isParked));
    const { list } = engine.tools;
    const answered = Promise.withResolvers<void>();
    engine.tools.list = () => answered.promise.then(list);
    const body = { conversation_id, tool_use_id: WRITE.id, approved: true };
    const needed = { permissions: ["notes:write"], approval: "always" } as const;
    engine.tools.replace(WRITE.name, aTool(WRITE.name, { rule: needed }));
    const refused = await call("POST", "/approval", { body });
    expect([refused.status, await refused.json()]).toMatchObject([403, { permission: "notes:write" }]);
    engine.tools.replace(WRITE.name, aTool(WRITE.name));
    expect((await call("POST", "/approval", { body })).status).toBe(200);
    answered.resolve();
  });

  it("is remembered where the tool allows it, listed, and taken back", async () => {
    const { engine, call } = await start();
    const write = (await engine.tools.list()).find(({ name }) => name === "notes__write");
    const rule = { permissions: [], approval: "always", remember: true } as const;
    if (write !== undefined) engine.tools.replace("notes__write", { ...write, rule });
    const response = await call("POST", "/message", { body: script([{ tool_use: [WRITE] }, { text: "Done." }]) });
    const reading = new Reading(response);
    const conversation_id = conversationOf(await reading.until(isParked));
    const path = `/conversations/${conversation_id}/approvals`;
    expect(await (await call("GET", path)).json()).toEqual({ approvals: [] });
    const body = { conversation_id, tool_use_id: "toolu_write", approved: true, remember: "conversation" };
    const { decided_at } = await members(await call("POST", "/approval", { body }));
    await reading.end();
    const again = script([{ tool_use: [{ ...WRITE, id: "toolu_again" }] }, { text: "Done." }], conversation_id);
    const received = parse(await (await call("POST", "/message", { body: again })).text());
    expect(received.some(({ data }) => data.type === "tool_request")).toBe(false);
    expect(engine.tools.written).toHaveLength(2);

    const approval = { name: "notes__write", title: "notes__write", decided_at };
    expect(await (await call("GET", path)).json()).toEqual({ approvals: [approval] });
    for (const token of ["bob", "adaElsewhere", "adaOfAnother"]) {
      expect((await call("GET", path, { token })).status).toBe(404);
      expect((await call("DELETE", `${path}/notes__write`, { token })).status).toBe(404);
    }
    expect((await call("DELETE", `${path}/notes__write`)).status).toBe(204);
    expect((await call("DELETE", `${path}/notes__write`)).status).toBe(404);
    expect(await (await call("GET", path)).json()).toEqual({ approvals: [] });
  });

  it("does not take an agreement for the whole conversation for a tool that does not allow it", async () => {
    const { engine, call } = await start();
    const response = await call("POST", "/message", { body: script([{ tool_use: [WRITE] }, { text: "Done." }]) });
    const conversation_id = conversationOf(await readUntil(response, isParked));
    const body = { conversation_id, tool_use_id: "toolu_write", approved: true, remember: "conversation" };
    expect((await call("POST", "/approval", { body })).status).toBe(400);
    expect(engine.tools.written).toEqual([]);
  });
});

describe("POST /cancel", () => {
  it("ends the turn, and does nothing the second time", async () => {
    const { engine, call } = await start();
    const body = script({ text: "word ".repeat(100), chunks: 20, fault: "stall", after_bytes: 200 });
    const response = await call("POST", "/message", { body });
    const reading = new Reading(response);
    const conversation_id = conversationOf(await reading.until(({ type }) => type === "text"));
    expect((await call("POST", "/cancel", { body: { conversation_id } })).status).toBe(202);
    expect((await reading.end()).at(-1)?.data).toMatchObject({ reason: "cancelled" });
    expect((await call("POST", "/cancel", { body: { conversation_id } })).status).toBe(202);
    await engine.check(conversation_id);
  });
});

describe("a conversation", () => {
  it("is complete with what its page load gives and the events after it, also in mid-turn", async () => {
    const { engine, call } = await start();
    const first = parse(await (await call("POST", "/message", { body: script({ text: "One." }) })).text());
    const id = conversationOf(first);
    await call("POST", "/message", {
      body: script([{ text: "Two.", tool_use: [WRITE] }, { text: "Three." }], id),
    }).then((response) => readUntil(response, isParked));
    const snapshot: ConversationSnapshot = JSON.parse(await (await call("GET", `/conversations/${id}`)).text());
    expect(snapshot.messages.map(({ role }) => role)).toEqual(["user", "assistant"]);
    expect(snapshot.active_turn?.state).toBe("awaiting_approval");
    expect(snapshot.pending_approvals).toMatchObject([{ tool_use_id: "toolu_write", input: { path: "a.txt" } }]);
    expect(snapshot.last_event_id).toBe(first.at(-1)?.id);
    const stream = await call("GET", `/conversations/${id}/events?after=${snapshot.last_event_id}`);
    const [started] = await readUntil(stream, isParked);
    expect(started?.data).toMatchObject({ state: "started" });
    await engine.replica.runner.cancel((await engine.store.findActiveTurn(id)) ?? expect.fail("nothing is active"));
  });

  it("is listed, newest first, page by page", async () => {
    const { call } = await start();
    const ids: string[] = [];
    for (const words of ["One", "Two", "Three"]) {
      const received = parse(await (await call("POST", "/message", { body: { message: words } })).text());
      ids.unshift(conversationOf(received));
    }
    const first: ConversationList = JSON.parse(await (await call("GET", "/conversations?limit=2")).text());
    expect(first.conversations.map(({ title }) => title)).toEqual(["Three", "Two"]);
    const second: ConversationList = JSON.parse(
      await (await call("GET", `/conversations?limit=2&cursor=${first.next_cursor}`)).text(),
    );
    expect(second.conversations.map(({ id }) => id)).toEqual([ids[2]]);
    expect(second.next_cursor).toBeNull();
  });

  it.each(["limit=0", "limit=101", "limit=x", "limit=-1", "limit=1e1", "cursor=nonsense", "other=1"])(
    "is not listed for ?%s",
    async (query) => {
      const { call } = await start();
      const response = await call("GET", `/conversations?${query}`);
      expect([response.status, await response.json()]).toMatchObject([400, { error: "invalid_payload" }]);
    },
  );

  it("is gone when it is deleted, its turn stopped, its readers told", async () => {
    const { engine, call } = await start();
    const body = script({ text: "word ".repeat(100), chunks: 20, fault: "stall", after_bytes: 200 });
    const response = await call("POST", "/message", { body });
    const reading = new Reading(response);
    const id = conversationOf(await reading.until(({ type }) => type === "text"));
    expect((await call("DELETE", `/conversations/${id}`)).status).toBe(204);
    await reading.end();
    for (const path of [`/conversations/${id}`, `/conversations/${id}/events`]) {
      expect((await call("GET", path)).status).toBe(404);
    }
    expect((await call("DELETE", `/conversations/${id}`)).status).toBe(404);
    await engine.replica.runner.drain(5000);
    expect(await engine.log(id)).toEqual([]);
    const { user } = await engine.budget.usage(engine.identity.owner);
    expect(user.reserved).toBe(0);
    expect(user.used).toBeGreaterThan(0);
  });
});

describe("the key of a request", () => {
  it("does not start a second turn after its conversation was deleted", async () => {
    const { engine, call } = await start();
    const headers = { "Idempotency-Key": "key-1" };
    const send = (): Promise<Response> => call("POST", "/message", { body: script({ text: "Hello" }), headers });
    const id = conversationOf(parse(await (await send()).text()));
    expect((await call("DELETE", `/conversations/${id}`)).status).toBe(204);
    const repeated = await send();
    expect([repeated.status, await repeated.json()]).toMatchObject([404, { error: "not_found" }]);
    expect(engine.prompts).toHaveLength(1);
    const other = await call("POST", "/message", { body: script({ text: "Other" }), headers });
    // What the request said was erased with the conversation: nobody can tell any more that this is another one.
    expect([other.status, await other.json()]).toMatchObject([404, { error: "not_found" }]);
    expect(engine.prompts).toHaveLength(1);
  });
});

describe("what belongs to somebody else", () => {
  it.each(["bob", "adaElsewhere", "adaOfAnother"])(
    "does not exist for %s: the same answer as for what never was",
    async (token) => {
      const { engine, call } = await start();
      const response = await call("POST", "/message", { body: script([{ tool_use: [WRITE] }, { text: "Ok." }]) });
      const id = conversationOf(await readUntil(response, isParked));
      const attempts: ((id: string, call_: string) => Promise<Response>)[] = [
        (conversation) => call("GET", `/conversations/${conversation}`, { token }),
        (conversation) => call("GET", `/conversations/${conversation}/events`, { token }),
        (conversation) => call("DELETE", `/conversations/${conversation}`, { token }),
        (conversation_id) => call("POST", "/cancel", { token, body: { conversation_id } }),
        (conversation_id) => call("POST", "/message", { token, body: { message: "Hi", conversation_id } }),
        (conversation_id, tool_use_id) =>
          call("POST", "/approval", { token, body: { conversation_id, tool_use_id, approved: true } }),
      ];
      for (const attempt of attempts) {
        const [theirs, never] = await Promise.all([attempt(id, "toolu_write"), attempt("conv_never", "toolu_never")]);
        expect(theirs.status).toBe(404);
        const bodies = await Promise.all(
          [theirs, never].map(async (answer) => ({ ...(await members(answer)), request_id: "" })),
        );
        expect(bodies[0]).toEqual(bodies[1]);
      }
      expect(await (await call("GET", "/conversations", { token })).json()).toEqual({
        conversations: [],
        next_cursor: null,
      });
      expect(engine.tools.written).toEqual([]);
      expect(await engine.store.findActiveTurn(id)).not.toBeNull();
    },
  );
});

describe("GET /session and GET /usage", () => {
  it("tell who the user is, what they may do and what is left of the day", async () => {
    const { call } = await start();
    const session: SessionResponse = JSON.parse(await (await call("GET", "/session")).text());
    expect(session).toMatchObject({
      user: { id: "ada" },
      organization: { id: "example" },
      permissions: ["chatbot:use"],
      model: "claude-haiku-4-5",
      features: {},
    });
    const names = session.tools.map(({ name }) => name);
    expect(names).toContain("notes__write");
    expect(names).not.toContain("notes__secret");
    const usage = await members(await call("GET", "/usage"));
    expect(usage).toEqual(session.limits);
    expect(Object.keys(usage)).toEqual(["user", "organization"]);
  });
});

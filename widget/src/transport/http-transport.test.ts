import { expect } from "@open-wc/testing";
import { done, numbered, started, texts } from "../conversation/sample-events.ts";
import type { ReceivedEvent } from "./chat-transport.ts";
import { HttpTransport, type HttpTransportOptions } from "./http-transport.ts";
import {
  type Answer,
  encodeEvents,
  json,
  LoopbackServer,
  nothing,
  openStream,
  refusal,
  streamOf,
} from "./loopback-server.ts";
import { createTokenSource } from "./token-source.ts";
import { TransportError } from "./transport-error.ts";

const TURN = numbered([started("t1"), ...texts(0, "Hé", "llo 😀"), done("t1")]);

function transportTo(server: LoopbackServer, options: Partial<HttpTransportOptions> = {}): HttpTransport {
  return new HttpTransport({
    endpoint: "/api/chatbot/",
    tokens: createTokenSource({ token: "token-1" }),
    language: () => "pt-BR",
    fetch: server.fetch,
    ...options,
  });
}

function answering(...answers: readonly Answer[]): LoopbackServer {
  const server = new LoopbackServer();
  server.answers(...answers);
  return server;
}

/** Events and what ended them. */
async function readAll(stream: AsyncIterable<ReceivedEvent>): Promise<{ received: ReceivedEvent[]; error: unknown }> {
  const received: ReceivedEvent[] = [];
  try {
    for await (const item of stream) if (item.id !== null || item.event !== null) received.push(item);
  } catch (error) {
    return { received, error };
  }
  return { received, error: null };
}

async function failureOf(promise: Promise<unknown>): Promise<TransportError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof TransportError) return error;
  throw new Error(`expected a TransportError, not ${String(error)}`);
}

const signal = new AbortController().signal;
const sending = { conversationId: null, page: null, idempotencyKey: "key-1", signal };

describe("HttpTransport", () => {
  it("sends a message with its key, language and bearer token, and streams its turn", async () => {
    const server = answering(streamOf(TURN));
    const page = { url: "https://host.example/", title: "Host" };
    const { received, error } = await readAll(
      transportTo(server).send("Hello", { ...sending, conversationId: "c1", page }),
    );
    expect(error).to.equal(null);
    expect(received).to.deep.equal(TURN);
    const [request] = server.requests;
    expect(request).to.deep.include({
      method: "POST",
      path: "/api/chatbot/message",
      body: { message: "Hello", conversation_id: "c1", page },
    });
    const headers = Object.fromEntries(request?.headers ?? []);
    expect(headers).to.include({
      authorization: "Bearer token-1",
      "accept-language": "pt-BR",
      "content-type": "application/json",
      "idempotency-key": "key-1",
      accept: "text/event-stream",
    });
  });

  it("leaves out what is not known yet", async () => {
    const server = answering(streamOf(TURN));
    await readAll(transportTo(server).send("Hello", sending));
    expect(server.requests[0]?.body).to.deep.equal({ message: "Hello" });
  });

  it("is not reached by what the page has put on Object.prototype", async () => {
    const server = answering(streamOf(TURN));
    const polluted: Record<string, unknown> = {
      toJSON: () => "stolen",
      conversation_id: "forged",
      page: { url: "forged" },
      remember: "conversation",
    };
    const everyObject: object = Object.getPrototypeOf({});
    for (const [key, value] of Object.entries(polluted))
      Object.defineProperty(everyObject, key, { value, configurable: true, enumerable: false });
    try {
      await readAll(transportTo(server).send("Hello", sending));
    } finally {
      for (const key of Object.keys(polluted)) Reflect.deleteProperty(everyObject, key);
    }
    expect(server.requests[0]?.body).to.deep.equal({ message: "Hello" });
  });

  it("follows from the last event", async () => {
    const server = answering(streamOf(TURN));
    const { received } = await readAll(transportTo(server).follow("c/1", "e1-0", signal));
    expect(received).to.deep.equal(TURN);
    expect(server.requests[0]).to.include({ method: "GET", path: "/api/chatbot/conversations/c%2F1/events" });
    expect(server.requests[0]?.headers.get("Last-Event-ID")).to.equal("e1-0");
  });

  it("ends at once when there is nothing to follow", async () => {
    const server = answering(() => new Response(null, { status: 204 }));
    expect(await readAll(transportTo(server).follow("c1", null, signal))).to.deep.equal({ received: [], error: null });
    expect(server.requests[0]?.headers.has("Last-Event-ID")).to.equal(false);
  });

  it("takes a snapshot of a conversation that rests for all there is", async () => {
    const conversation = { id: "c1", messages: [], active_turn: null, pending_approvals: [], last_event_id: "e1-9" };
    const events: ReceivedEvent[] = [{ id: "e1-9", event: { type: "status_update", state: "snapshot", conversation } }];
    expect(await readAll(transportTo(answering(streamOf(events))).follow("c1", "e0-4", signal))).to.deep.equal({
      received: events,
      error: null,
    });
  });

  it("gives the same events wherever the body is cut into chunks", async () => {
    const bytes = encodeEvents(TURN);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const stream = openStream();
      const reading = readAll(transportTo(answering(stream.answer)).follow("c1", null, signal));
      stream.sendBytes(bytes.slice(0, cut));
      stream.sendBytes(bytes.slice(cut));
      stream.end();
      expect(await reading).to.deep.equal({ received: TURN, error: null });
    }
  });

  for (const [title, finish] of [
    ["ends", (stream: ReturnType<typeof openStream>) => stream.end()],
    ["is cut", (stream: ReturnType<typeof openStream>) => stream.cut()],
  ] as const) {
    it(`tells that a stream which ${title} before its turn is done broke off`, async () => {
      const stream = openStream();
      const reading = readAll(transportTo(answering(stream.answer)).send("Hello", sending));
      stream.send(...TURN.slice(0, 2));
      finish(stream);
      const { error } = await reading;
      expect(error).to.be.instanceOf(TransportError).with.property("code", "network");
    });
  }

  it("takes a stream that is silent for too long for broken", async () => {
    const stream = openStream();
    const transport = transportTo(answering(stream.answer), { maxSilenceMs: 1 });
    const { error } = await readAll(transport.follow("c1", null, signal));
    expect(error).to.be.instanceOf(TransportError).with.property("code", "network");
  });

  it("takes a server that does not answer for unreachable", async () => {
    const never: Answer = (request) =>
      new Promise((_, reject) => request.signal.addEventListener("abort", () => reject(request.signal.reason)));
    expect(
      (await failureOf(transportTo(answering(never), { answerTimeoutMs: 1 }).loadConversation("c1"))).code,
    ).to.equal("network");
  });

  it("ends with the signal's reason when aborted", async () => {
    const abort = new AbortController();
    const stream = openStream();
    const server = answering(stream.answer);
    const reading = readAll(transportTo(server).follow("c1", null, abort.signal));
    await server.received(1);
    abort.abort("enough");
    expect((await reading).error).to.equal("enough");
  });

  it("passes unknown and malformed events on as nothing but their id", async () => {
    const odd = [
      'id: e1-1\nevent: from_the_future\ndata: {"type":"from_the_future"}\n\n',
      "id: e1-2\nevent: text\ndata: not json\n\n",
      'id: e1-3\nevent: text\ndata: {"type":"text","block":"0","offset":0,"text":"x"}\n\n',
      'id: e1-4\nevent: text\ndata: {"type":"done","turn_id":"t","reason":"end_turn"}\n\n',
      'id: e1-5\nevent: status_update\ndata: {"type":"status_update","state":"dancing"}\n\n',
      'id: e1-6\nevent: text\ndata: {"type":"text","block":0,"offset":-1,"text":"x"}\n\n',
      "id: e1-7\nevent: text\ndata: null\n\n",
      'id: e1-8\nevent: done\ndata: {"type":"done","turn_id":"t","reason":"end_turn","more":1}\n\n',
    ].join("");
    const stream = openStream();
    const reading = readAll(transportTo(answering(stream.answer)).follow("c1", null, signal));
    stream.sendBytes(new TextEncoder().encode(odd));
    stream.end();
    const { received, error } = await reading;
    expect(error).to.equal(null);
    expect(received.map(({ id, event }) => `${id} ${event?.type}`)).to.deep.equal([
      ...[1, 2, 3, 4, 5, 6, 7].map((sequence) => `e1-${sequence} undefined`),
      "e1-8 done",
    ]);
  });

  describe("with a refused token", () => {
    it("renews it once and asks once more", async () => {
      const server = answering(refusal(401, "token_expired"), streamOf(TURN));
      const { received } = await readAll(
        transportTo(server, { tokens: createTokenSource({ tokenProvider: oneAfterAnother("old", "new") }) }).send(
          "Hello",
          sending,
        ),
      );
      expect(received).to.deep.equal(TURN);
      expect(server.requests.map(({ headers }) => headers.get("Authorization"))).to.deep.equal([
        "Bearer old",
        "Bearer new",
      ]);
      expect(server.requests.map(({ headers }) => headers.get("Idempotency-Key"))).to.deep.equal(["key-1", "key-1"]);
    });

    it("gives up when the new one is refused, too", async () => {
      const server = answering(refusal(401, "token_expired"), refusal(401, "invalid_token"));
      const error = await failureOf(
        transportTo(server, {
          tokens: createTokenSource({ tokenProvider: oneAfterAnother("old", "new") }),
        }).loadConversation("c1"),
      );
      expect(error).to.include({ code: "invalid_token", status: 401 });
      expect(server.requests.length).to.equal(2);
    });

    it("gives up at once when there is no other", async () => {
      const server = answering(refusal(401, "token_expired"));
      expect((await failureOf(transportTo(server).loadConversation("c1"))).code).to.equal("token_expired");
      expect(server.requests.length).to.equal(1);
    });
  });

  const refusals: { title: string; answer: Answer; expected: Partial<TransportError> }[] = [
    {
      title: "a used-up limit",
      answer: refusal(
        429,
        "limit_exceeded",
        { limit_type: "user", limit: 1, used: 1, resets_at: "2026-11-22T00:00:00Z" },
        { "Retry-After": "90" },
      ),
      expected: { code: "limit_exceeded", status: 429, retryAfterMs: 90_000 },
    },
    {
      title: "a running turn",
      answer: refusal(409, "concurrent_request", { conversation_id: "c", turn_id: "t" }),
      expected: { code: "concurrent_request", status: 409 },
    },
    { title: "a code it does not know", answer: refusal(418, "teapot"), expected: { code: "internal", status: 418 } },
    {
      title: "a code named like a member of every object",
      answer: refusal(400, "constructor"),
      expected: { code: "internal" },
    },
    {
      title: "a proxy's page",
      answer: () => new Response("<h1>Bad gateway</h1>", { status: 502 }),
      expected: { code: "network", status: 502, body: null },
    },
    {
      title: "JSON of somebody else",
      answer: json({ error: { message: "x" } }, { status: 500 }),
      expected: { code: "network", status: 500, body: null },
    },
    { title: "no network", answer: nothing, expected: { code: "network", status: 0 } },
    {
      title: "an answer of another form",
      answer: json({ hello: "world" }),
      expected: { code: "network", status: 200 },
    },
  ];
  for (const { title, answer, expected } of refusals) {
    it(`tells ${title}`, async () => {
      expect(await failureOf(transportTo(answering(answer)).loadConversation("c1"))).to.include(expected);
    });
  }

  it("refuses a stream that is none", async () => {
    const { error } = await readAll(transportTo(answering(json({}))).send("Hello", sending));
    expect(error).to.be.instanceOf(TransportError).with.property("code", "network");
  });

  it("loads a conversation, without what it does not know", async () => {
    const message = { id: "m1", role: "assistant", created_at: "2026-11-21T10:00:00Z" };
    const snapshot = {
      id: "c1",
      messages: [{ ...message, content: [{ type: "text", text: "Hi" }, { type: "hologram" }] }, { id: 5 }],
      active_turn: null,
      pending_approvals: [{ tool_use_id: "half" }],
      last_event_id: "e1-4",
    };
    const loaded = await transportTo(answering(json(snapshot))).loadConversation("c1");
    expect(loaded).to.deep.equal({
      ...snapshot,
      messages: [{ ...message, content: [{ type: "text", text: "Hi" }] }],
      pending_approvals: [],
    });
  });

  it("answers approvals and cancels", async () => {
    const server = answering(
      json({ tool_use_id: "call-1", decision: "approved", decided_at: "2026-11-21T10:00:00Z" }),
      () => new Response(null, { status: 202 }),
    );
    const transport = transportTo(server);
    await transport.answerApproval({
      conversation_id: "c1",
      tool_use_id: "call-1",
      approved: true,
      input_sha256: "ab",
    });
    await transport.cancel("c1");
    expect(server.requests.map(({ method, path, body }) => [method, path, body])).to.deep.equal([
      [
        "POST",
        "/api/chatbot/approval",
        { conversation_id: "c1", tool_use_id: "call-1", approved: true, input_sha256: "ab" },
      ],
      ["POST", "/api/chatbot/cancel", { conversation_id: "c1" }],
    ]);
  });
});

/** A provider that gives one token after another. */
function oneAfterAnother(...tokens: string[]): () => Promise<string> {
  return async () => tokens.shift() ?? "";
}

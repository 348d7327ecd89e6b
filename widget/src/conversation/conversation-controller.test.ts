import { expect } from "@open-wc/testing";
import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { ConversationSnapshot, ServerEvent } from "../protocol/index.ts";
import { englishStrings } from "../strings/en.ts";
import { HttpTransport } from "../transport/http-transport.ts";
import {
  encodeEvents,
  json,
  LoopbackServer,
  nothing,
  type OpenStream,
  openStream,
  refusal,
  streamOf,
} from "../transport/loopback-server.ts";
import { createTokenSource } from "../transport/token-source.ts";
import type { Conversation } from "./conversation.ts";
import { ConversationController } from "./conversation-controller.ts";
import type { ConversationMemory } from "./remember-conversation.ts";
import {
  assistantHistory,
  awaitingApproval,
  done,
  numbered,
  sessionCreated,
  started,
  texts,
  toolRequest,
  toolResult,
  toolRunning,
  toolUse,
  typing,
  userHistory,
} from "./sample-events.ts";

/** A host that tells its tests when it would render. */
class Host implements ReactiveControllerHost {
  readonly updateComplete: Promise<boolean> = Promise.resolve(true);
  readonly #controllers: ReactiveController[] = [];
  readonly #watchers = new Set<() => void>();
  updates = 0;

  addController(controller: ReactiveController): void {
    this.#controllers.push(controller);
  }

  removeController(): void {}

  requestUpdate(): void {
    this.updates += 1;
    for (const watcher of this.#watchers) watcher();
  }

  connect(): void {
    for (const controller of this.#controllers) controller.hostConnected?.();
  }

  disconnect(): void {
    for (const controller of this.#controllers) controller.hostDisconnected?.();
  }

  /** Resolves once it is so. */
  async until(isSo: () => boolean): Promise<void> {
    if (isSo()) return;
    await new Promise<void>((resolve) => {
      const watcher = (): void => {
        if (!isSo()) return;
        this.#watchers.delete(watcher);
        resolve();
      };
      this.#watchers.add(watcher);
    });
  }
}

interface Setup {
  server: LoopbackServer;
  host: Host;
  controller: ConversationController;
  /** What was announced, in short. */
  told: string[];
  /** How long the controller waited before each reconnection. */
  delays: number[];
  remembered: { id: string | null; unsent: string | null };
  shown(): Conversation;
  until(isSo: (conversation: Conversation) => boolean): Promise<void>;
  finished(): Promise<void>;
}

function setUp(remembered: string | null = null, unsent: string | null = null, token = "token"): Setup {
  const server = new LoopbackServer();
  const host = new Host();
  const told: string[] = [];
  const delays: number[] = [];
  const memory = { id: remembered, unsent };
  const conversationMemory: ConversationMemory = {
    recall: () => memory.id,
    remember: (id) => {
      memory.id = id;
    },
    forget: () => {
      memory.id = null;
    },
    recallUnsent: () => memory.unsent,
    keepUnsent: (encoded) => {
      memory.unsent = encoded;
    },
  };
  const transport = new HttpTransport({
    endpoint: "/api/chatbot",
    tokens: createTokenSource({ token }),
    language: () => "en",
    fetch: server.fetch,
  });
  const controller = new ConversationController(host, {
    transport: () => transport,
    strings: () => englishStrings("en"),
    memory: () => conversationMemory,
    observe: {
      onMessage: (id, message) => told.push(`message ${message.role} ${id}`),
      onToolRequest: (request) => told.push(`request ${request.tool_use_id}`),
      onToolResult: (result) => told.push(`result ${result.tool_use_id} ${result.outcome}`),
      onTurnEnd: (end) => told.push(`end ${end.turn_id} ${end.reason}`),
      onError: (error) => told.push(`error ${error.code} ${error.remedy}`),
    },
    // As with frames, what arrives in one task is applied together.
    schedule: (callback) => {
      const timer = setTimeout(callback);
      return () => clearTimeout(timer);
    },
    wait: async (delayMs, signal) => {
      delays.push(delayMs);
      signal.throwIfAborted();
    },
  });
  host.connect();
  const shown = (): Conversation => controller.conversation;
  return {
    server,
    host,
    controller,
    told,
    delays,
    remembered: memory,
    shown,
    until: (isSo) => host.until(() => isSo(shown())),
    finished: () => host.until(() => shown().activeTurn === null && shown().lastEndReason !== null),
  };
}

/** As browsers tell of a page that they keep as it is. */
function turnPage(type: "pagehide" | "pageshow"): void {
  window.dispatchEvent(new PageTransitionEvent(type, { persisted: true }));
}

/** Who said what, in short. */
function transcript(conversation: Conversation): string[] {
  return conversation.messages.map((message) => {
    if (message.role === "user")
      return message.delivery === "sent" ? `user: ${message.text}` : `user (${message.delivery}): ${message.text}`;
    return `assistant: ${message.parts.map((part) => (part.type === "text" ? part.text : `[${part.call.state.status}]`)).join("")}`;
  });
}

function snapshot(details: Partial<ConversationSnapshot> = {}): ConversationSnapshot {
  return {
    id: "conversation-1",
    messages: [userHistory("m1", "Hi"), assistantHistory("m2", "Hello")],
    active_turn: null,
    pending_approvals: [],
    last_event_id: "e1-10",
    ...details,
  };
}

/** A JWT as far as the element reads it. */
function tokenOf(sub: string): string {
  return `h.${btoa(JSON.stringify({ iss: "https://host.example", sub }))}.s`;
}

const FIRST_TURN = numbered([sessionCreated, started("t1"), typing, ...texts(0, "Hi ", "there"), done("t1")]);

/** A first turn that waits for a decision on `call-1`. */
const ASKING = numbered([
  sessionCreated,
  started("t1"),
  toolUse("call-1"),
  toolUse("call-1", { id: 7 }),
  toolRequest("call-1"),
  awaitingApproval,
]);

/** Sends, and waits until the question is shown. */
async function ask(setup: Setup): Promise<OpenStream> {
  const stream = openStream();
  setup.server.answers(stream.answer);
  setup.controller.send("Hello");
  stream.send(...ASKING);
  await setup.until(({ lastEventId }) => lastEventId === ASKING.at(-1)?.id);
  return stream;
}

function keys(server: LoopbackServer): (string | null)[] {
  return server.requests
    .filter(({ path }) => path.endsWith("/message"))
    .map(({ headers }) => headers.get("Idempotency-Key"));
}

function routes(server: LoopbackServer): string[] {
  return server.requests.map(({ method, path, headers }) => {
    const lastEventId = headers.get("Last-Event-ID");
    return `${method} ${path.replace("/api/chatbot", "")}${lastEventId === null ? "" : ` after ${lastEventId}`}`;
  });
}

describe("ConversationController", () => {
  it("shows the message at once, then the answer, and announces both", async () => {
    const { server, controller, shown, finished, told, remembered } = setUp();
    server.answers(streamOf(FIRST_TURN));
    expect(controller.send("  Hello ")).to.equal(true);
    expect(transcript(shown())).to.deep.equal(["user (sending): Hello"]);
    expect(shown().activity).to.deep.equal({ type: "connecting" });
    await finished();
    expect(transcript(shown())).to.deep.equal(["user: Hello", "assistant: Hi there"]);
    expect(told).to.deep.equal(["message user message-t1", "message assistant answer-t1", "end t1 end_turn"]);
    expect(remembered.id).to.equal("conversation-1");
  });

  it("keeps the id a message was given here, so that nothing moves on the screen", async () => {
    const { server, controller, shown, finished } = setUp();
    server.answers(streamOf(FIRST_TURN));
    controller.send("Hello");
    const id = shown().messages[0]?.id;
    await finished();
    expect(shown().messages[0]).to.include({ id, serverId: "message-t1", delivery: "sent" });
  });

  it("goes on in the same conversation", async () => {
    const { server, controller, shown, until, finished } = setUp();
    server.answers(
      streamOf(FIRST_TURN),
      streamOf(numbered([started("t2", "More"), ...texts(0, "Sure"), done("t2")], 7)),
    );
    controller.send("Hello");
    await finished();
    controller.send("More");
    await until(({ messages }) => messages.length === 4);
    await finished();
    expect(transcript(shown())).to.deep.equal(["user: Hello", "assistant: Hi there", "user: More", "assistant: Sure"]);
    expect(server.requests[1]?.body).to.deep.equal({ message: "More", conversation_id: "conversation-1" });
    expect(new Set(keys(server)).size).to.equal(2);
  });

  it("takes nothing empty", () => {
    const { controller, server } = setUp();
    expect(controller.send(" \n ")).to.equal(false);
    expect(server.requests).to.deep.equal([]);
  });

  it("refuses a second message while a turn runs, kindly and without asking the server", async () => {
    const { server, controller, shown, told, finished } = setUp();
    const stream = openStream();
    server.answers(stream.answer);
    controller.send("Hello");
    expect(controller.send("And?")).to.equal(false);
    expect(shown().error).to.include({
      code: "concurrent_request",
      remedy: "wait",
      message: englishStrings("en").errorConcurrent,
    });
    expect(told).to.deep.equal(["error concurrent_request wait"]);
    stream.send(...FIRST_TURN);
    stream.end();
    await finished();
    expect(shown().error).to.equal(null);
    expect(server.requests.length).to.equal(1);
  });

  it("applies what arrives together in one update", async () => {
    const { server, controller, host, finished, shown } = setUp();
    const pieces = Array.from({ length: 500 }, (_, index) => `${index} `);
    server.answers(streamOf(numbered([sessionCreated, started("t1"), ...texts(0, ...pieces), done("t1")])));
    controller.send("Hello");
    await finished();
    expect(transcript(shown())[1]).to.equal(`assistant: ${pieces.join("")}`);
    expect(host.updates).to.be.below(50);
  });

  describe("when the connection breaks", () => {
    it("sends the same message with the same key again until the answer starts", async () => {
      const { server, controller, shown, finished, delays } = setUp();
      server.answers(
        nothing,
        () => new Response("Bad gateway", { status: 502 }),
        refusal(503, "draining"),
        streamOf([]),
        streamOf(FIRST_TURN),
      );
      controller.send("Hello");
      await finished();
      expect(transcript(shown())).to.deep.equal(["user: Hello", "assistant: Hi there"]);
      expect(keys(server).length).to.equal(5);
      expect(new Set(keys(server)).size).to.equal(1);
      expect(new Set(server.requests.map(({ body }) => JSON.stringify(body))).size).to.equal(1);
      expect(delays.length).to.equal(4);
    });

    it("sends it again as it was, also when the conversation has got its id meanwhile", async () => {
      const { server, controller, finished } = setUp();
      server.answers(streamOf(FIRST_TURN.slice(0, 1)), streamOf(FIRST_TURN));
      controller.send("Hello");
      await finished();
      expect(server.requests.map(({ body }) => body)).to.deep.equal([{ message: "Hello" }, { message: "Hello" }]);
      expect(new Set(keys(server)).size).to.equal(1);
    });

    it("reads on from the last event, wherever it was cut", async () => {
      for (let cut = 2; cut < FIRST_TURN.length; cut += 1) {
        const { server, controller, shown, finished, told } = setUp();
        server.answers(streamOf(FIRST_TURN.slice(0, cut)), nothing, streamOf(FIRST_TURN.slice(Math.max(0, cut - 1))));
        controller.send("Hello");
        await finished();
        expect(transcript(shown()), `cut after ${cut}`).to.deep.equal(["user: Hello", "assistant: Hi there"]);
        const follow = `GET /conversations/conversation-1/events after e1-${cut}`;
        expect(routes(server)).to.deep.equal(["POST /message", follow, follow]);
        expect(told).to.deep.equal(["message user message-t1", "message assistant answer-t1", "end t1 end_turn"]);
      }
    });

    it("tells the same whichever byte it was cut after", async () => {
      const turn = numbered([
        sessionCreated,
        started("t1"),
        ...texts(0, "Lét me ", "see 😀"),
        toolUse("call-1", { limit: 5 }),
        toolRunning("call-1"),
        toolResult("call-1"),
        ...texts(1, "Done"),
        done("t1"),
      ]);
      const bytes = encodeEvents(turn);
      const asked = new Set<string>();
      const tellCutAfter = async (cut: number): Promise<string> => {
        const { server, controller, shown, finished, told } = setUp();
        const stream = openStream();
        server.answers(stream.answer, (request) => {
          const last = turn.findIndex(({ id }) => id === request.headers.get("Last-Event-ID"));
          return streamOf(turn.slice(last + 1))(request);
        });
        controller.send("Hello");
        stream.sendBytes(bytes.slice(0, cut));
        stream.end();
        await finished();
        for (const route of routes(server)) asked.add(route);
        return JSON.stringify([transcript(shown()), told, new Set(keys(server)).size]);
      };
      const expected = JSON.stringify([
        ["user: Hello", "assistant: Lét me see 😀[finished]Done"],
        ["message user message-t1", "result call-1 ok", "message assistant answer-t1", "end t1 end_turn"],
        1,
      ]);
      const cuts = Array.from({ length: bytes.length + 1 }, (_, cut) => cut);
      const outcomes = await Promise.all(cuts.map(tellCutAfter));
      expect(outcomes.findIndex((outcome) => outcome !== expected)).to.equal(-1);
      const resumed = turn.slice(1, -1).map(({ id }) => `GET /conversations/conversation-1/events after ${id}`);
      expect([...asked].toSorted()).to.deep.equal([...resumed, "POST /message"].toSorted());
    });

    it("says that it is reconnecting, and what it waited for once it is back", async () => {
      const setup = setUp();
      const first = await ask(setup);
      const second = openStream();
      setup.server.answers(second.answer);
      first.cut();
      await setup.until(({ activity }) => activity?.type === "reconnecting");
      await setup.until(({ activity }) => activity?.type === "awaiting_approval");
      expect(setup.shown().pendingApprovals.length).to.equal(1);
      setup.controller.newConversation();
    });

    it("gives up after a while, keeps what was typed, and sends it when asked to", async () => {
      const { server, controller, shown, until, finished, delays, told } = setUp();
      controller.send("Hello");
      await until(({ error }) => error !== null);
      expect(shown().error).to.include({ code: "network", remedy: "retry" });
      expect(transcript(shown())).to.deep.equal(["user (failed): Hello"]);
      expect(shown()).to.include({ activeTurn: null, activity: null });
      expect(told).to.deep.equal(["error network retry"]);
      expect(delays.length).to.equal(8);
      server.answers(streamOf(FIRST_TURN));
      controller.retry();
      expect(shown().error).to.equal(null);
      await finished();
      expect(transcript(shown())).to.deep.equal(["user: Hello", "assistant: Hi there"]);
      expect(new Set(keys(server)).size).to.equal(1);
    });

    it("gives up reading after a while, and reads on when asked to", async () => {
      const { server, controller, shown, until, finished } = setUp();
      server.answers(streamOf(FIRST_TURN.slice(0, 4)));
      controller.send("Hello");
      await until(({ error }) => error !== null);
      expect(shown()).to.include({ activeTurn: null, activity: null });
      expect(shown().messages[1]).to.include({ streaming: false });
      server.answers(streamOf(FIRST_TURN.slice(4)));
      controller.retry();
      expect(shown().activeTurn).to.deep.equal({ id: "t1", cancelling: false });
      await finished();
      expect(transcript(shown())).to.deep.equal(["user: Hello", "assistant: Hi there"]);
    });

    it("waits as long as the server asks", async () => {
      const { server, controller, finished, delays } = setUp();
      server.answers(refusal(503, "draining", {}, { "Retry-After": "7" }), streamOf(FIRST_TURN));
      controller.send("Hello");
      await finished();
      expect(delays).to.deep.equal([7000]);
    });
  });

  it("sends a message that failed in the conversation there is now", async () => {
    const { server, controller, shown, until, finished } = setUp();
    server.answers(refusal(429, "limit_exceeded"), streamOf(FIRST_TURN));
    controller.send("First");
    await until(({ error }) => error !== null);
    controller.send("Hello");
    await finished();
    server.answers(streamOf(numbered([started("t2", "First"), ...texts(0, "Sure"), done("t2")], 7)));
    controller.retry();
    await until(({ messages }) => messages.length === 4);
    await finished();
    expect(server.requests[2]?.body).to.deep.equal({ message: "First", conversation_id: "conversation-1" });
    expect(new Set(keys(server)).size).to.equal(3);
    expect(transcript(shown())).to.deep.equal(["user: Hello", "assistant: Hi there", "user: First", "assistant: Sure"]);
  });

  it("sends a message as it was when it had begun this very conversation", async () => {
    const { server, controller, until, finished } = setUp();
    server.answers(streamOf(FIRST_TURN.slice(0, 1)));
    controller.send("Hello");
    await until(({ error }) => error !== null);
    server.answers(streamOf(FIRST_TURN));
    controller.retry();
    await finished();
    expect(server.requests.at(-1)?.body).to.deep.equal({ message: "Hello" });
    expect(new Set(keys(server)).size).to.equal(1);
  });

  describe("when events are missing", () => {
    it("reads the turns of other tabs before its own", async () => {
      const { server, controller, shown, finished, until } = setUp();
      server.answers(streamOf(FIRST_TURN));
      controller.send("Hello");
      await finished();
      const elsewhere: ServerEvent[] = [started("t2", "From elsewhere"), ...texts(0, "Yes"), done("t2")];
      const own: ServerEvent[] = [started("t3", "More"), ...texts(0, "Sure"), done("t3")];
      server.answers(streamOf(numbered(own, 10)), streamOf(numbered([...elsewhere, ...own], 7)));
      controller.send("More");
      await until(({ messages }) => messages.length === 6);
      await finished();
      expect(transcript(shown()).slice(2)).to.deep.equal([
        "user: From elsewhere",
        "assistant: Yes",
        "user: More",
        "assistant: Sure",
      ]);
      expect(routes(server).at(-1)).to.equal("GET /conversations/conversation-1/events after e1-6");
    });

    it("starts from the server's snapshot when the stream has a hole", async () => {
      const { server, controller, shown, finished } = setUp();
      server.answers(
        streamOf([...FIRST_TURN.slice(0, 3), ...FIRST_TURN.slice(4)]),
        streamOf(FIRST_TURN.slice(4)),
        json(
          snapshot({
            messages: [userHistory("message-t1", "Hello")],
            active_turn: { turn_id: "t1", state: "running" },
            last_event_id: "e1-1",
          }),
        ),
        streamOf(FIRST_TURN.slice(1)),
      );
      controller.send("Hello");
      await finished();
      expect(transcript(shown())).to.deep.equal(["user: Hello", "assistant: Hi there"]);
    });

    it("stops asking for snapshots when none helps", async () => {
      const { server, controller, shown, until } = setUp();
      const running = json(snapshot({ active_turn: { turn_id: "t9", state: "running" } }));
      const hole = streamOf(numbered([done("t9")], 20));
      server.answers(running, hole, running, hole, running, hole, running, hole);
      void controller.load("conversation-1");
      await until(({ error }) => error !== null);
      expect(shown().error).to.include({ code: "stream_gap", remedy: "retry" });
      expect(server.requests.length).to.equal(8);
    });

    it("takes the history for it when the turn ended unseen", async () => {
      const { server, controller, shown, until } = setUp();
      server.answers(
        streamOf(FIRST_TURN.slice(0, 4)),
        () => new Response(null, { status: 204 }),
        json(snapshot({ messages: [userHistory("message-t1", "Hello"), assistantHistory("m2", "Hi there")] })),
      );
      controller.send("Hello");
      await until(({ activeTurn }) => activeTurn === null);
      expect(transcript(shown())).to.deep.equal(["user: Hello", "assistant: Hi there"]);
    });
  });

  describe("refused", () => {
    it("for a turn of this conversation, it keeps the message and follows that turn", async () => {
      const { server, controller, shown, told, until } = setUp();
      server.answers(json(snapshot()));
      await controller.load("conversation-1");
      server.answers(
        refusal(409, "concurrent_request", { conversation_id: "conversation-1", turn_id: "t8" }),
        streamOf(numbered([started("t8", "From elsewhere"), ...texts(0, "Yes"), done("t8")], 11)),
      );
      controller.send("Hello");
      await until(({ lastEndReason }) => lastEndReason === "end_turn");
      expect(transcript(shown()).slice(2)).to.deep.equal([
        "user (failed): Hello",
        "user: From elsewhere",
        "assistant: Yes",
      ]);
      expect(told[0]).to.equal("error concurrent_request wait");
      server.answers(streamOf(numbered([started("t9"), ...texts(0, "Hi"), done("t9")], 14)));
      controller.retry();
      await until(({ messages }) => messages.length === 6);
      expect(transcript(shown()).slice(4)).to.deep.equal(["user: Hello", "assistant: Hi"]);
    });

    const cases: { code: string; status: number; details?: object; expected: object }[] = [
      {
        code: "concurrent_request",
        status: 409,
        details: { conversation_id: "other", turn_id: "t" },
        expected: { remedy: "wait" },
      },
      {
        code: "limit_exceeded",
        status: 429,
        details: { limit_type: "user", resets_at: "2026-11-22T00:00:00Z" },
        expected: { remedy: "wait", limitType: "user", resetsAt: "2026-11-22T00:00:00Z" },
      },
      { code: "token_expired", status: 401, expected: { remedy: "sign_in" } },
      { code: "forbidden", status: 403, expected: { remedy: "none", message: "Refused: forbidden" } },
      { code: "chatbot_disabled", status: 503, expected: { remedy: "none" } },
      { code: "idempotency_mismatch", status: 422, expected: { remedy: "retry" } },
    ];
    for (const { code, status, details, expected } of cases) {
      it(`with ${code}, it tells the way out and keeps the message`, async () => {
        const { server, controller, shown, until, finished } = setUp();
        server.answers(refusal(status, code, details ?? {}));
        controller.send("Hello");
        await until(({ error }) => error !== null);
        expect(shown().error).to.include({ code, ...expected });
        expect(transcript(shown())).to.deep.equal(["user (failed): Hello"]);
        expect(shown()).to.include({ activeTurn: null, activity: null });
        server.answers(streamOf(FIRST_TURN));
        controller.retry(shown().messages[0]?.id);
        await finished();
        expect(transcript(shown())).to.deep.equal(["user: Hello", "assistant: Hi there"]);
      });
    }

    it("for a conversation that is gone, it starts a new one with the message", async () => {
      const { server, controller, shown, finished, remembered } = setUp();
      server.answers(json(snapshot({ id: "gone" })));
      await controller.load("gone");
      server.answers(refusal(404, "not_found"), streamOf(FIRST_TURN));
      controller.send("Hello");
      await finished();
      expect(transcript(shown())).to.deep.equal(["user: Hello", "assistant: Hi there"]);
      expect(server.requests.at(-1)?.body).to.deep.equal({ message: "Hello" });
      expect(new Set(keys(server)).size).to.equal(2);
      expect(shown().error).to.equal(null);
      expect(remembered.id).to.equal("conversation-1");
    });
  });

  it("says it again when the turn failed and the person retries", async () => {
    const { server, controller, shown, finished, told, until } = setUp();
    const failed: ServerEvent = {
      type: "error",
      error: "provider_overloaded",
      message: "Busy",
      retryable: true,
      request_id: "r",
    };
    server.answers(
      streamOf(numbered([sessionCreated, started("t1"), failed, done("t1", "error")])),
      streamOf(numbered([started("t2"), ...texts(0, "Hi"), done("t2")], 5)),
    );
    controller.send("Hello");
    await finished();
    expect(shown().error).to.include({ code: "provider_overloaded", remedy: "retry" });
    expect(told).to.include("error provider_overloaded retry");
    controller.retry();
    await until(({ lastEndReason }) => lastEndReason === "end_turn");
    expect(shown().error).to.equal(null);
    expect(new Set(keys(server)).size).to.equal(2);
  });

  describe("approvals", () => {
    const approved = json({ tool_use_id: "call-1", decision: "approved", decided_at: "2026-11-21T10:00:00Z" });

    it("are answered with the hash of what was shown, and the turn goes on on the same stream", async () => {
      const setup = setUp();
      const stream = await ask(setup);
      expect(setup.told).to.include("request call-1");
      setup.server.answers(approved);
      await setup.controller.answerApproval("call-1", true, { remember: "once" });
      expect(setup.shown().pendingApprovals).to.deep.equal([]);
      expect(setup.server.requests[1]?.body).to.deep.equal({
        conversation_id: "conversation-1",
        tool_use_id: "call-1",
        approved: true,
        input_sha256: "a".repeat(64),
        remember: "once",
      });
      stream.send(...numbered([toolRunning("call-1"), toolResult("call-1"), ...texts(1, "Gone"), done("t1")], 7));
      stream.end();
      await setup.finished();
      expect(transcript(setup.shown())).to.deep.equal(["user: Hello", "assistant: [finished]Gone"]);
      expect(setup.server.requests.length).to.equal(2);
    });

    it("stand when the answer did not get through", async () => {
      const setup = setUp();
      const stream = await ask(setup);
      setup.server.answers(nothing);
      await setup.controller.answerApproval("call-1", false, { reason: "no" });
      expect(setup.shown().pendingApprovals.length).to.equal(1);
      expect(setup.shown().error).to.include({ code: "network" });
      expect(setup.told.filter((line) => line.startsWith("request"))).to.deep.equal(["request call-1"]);
      setup.controller.retry();
      expect(setup.shown()).to.include({ error: null });
      expect(setup.server.requests.length).to.equal(2);
      stream.cut();
      setup.controller.newConversation();
    });

    for (const [code, status] of [
      ["already_decided", 409],
      ["approval_expired", 410],
      ["approval_superseded", 410],
      ["input_changed", 422],
    ] as const) {
      it(`are withdrawn on ${code}`, async () => {
        const setup = setUp();
        await ask(setup);
        setup.server.answers(refusal(status, code));
        await setup.controller.answerApproval("call-1", true);
        expect(setup.shown().pendingApprovals).to.deep.equal([]);
        expect(setup.shown().error).to.include({ code });
        setup.controller.newConversation();
      });
    }

    it("give way to a new message, whose turn follows the end of theirs", async () => {
      const setup = setUp();
      await ask(setup);
      const old: ServerEvent[] = [toolResult("call-1", "superseded"), done("t1", "superseded")];
      const next: ServerEvent[] = [started("t2", "Never mind"), ...texts(0, "Fine"), done("t2")];
      setup.server.answers(streamOf(numbered(next, 9)), streamOf(numbered([...old, ...next], 7)));
      expect(setup.controller.send("Never mind")).to.equal(true);
      await setup.until(({ messages }) => messages.length === 4);
      await setup.finished();
      expect(transcript(setup.shown())).to.deep.equal([
        "user: Hello",
        "assistant: [finished]",
        "user: Never mind",
        "assistant: Fine",
      ]);
      expect(setup.told.slice(-6)).to.deep.equal([
        "result call-1 superseded",
        "message assistant answer-t1",
        "end t1 superseded",
        "message user message-t2",
        "message assistant answer-t2",
        "end t2 end_turn",
      ]);
    });

    it("stay open when a new message is refused", async () => {
      const setup = setUp();
      await ask(setup);
      const stream = openStream();
      setup.server.answers(refusal(429, "limit_exceeded", { resets_at: "2026-11-22T00:00:00Z" }), stream.answer);
      setup.controller.send("Never mind");
      await setup.server.received(3);
      expect(setup.shown().pendingApprovals.length).to.equal(1);
      expect(setup.shown().error).to.include({ code: "limit_exceeded" });
      expect(routes(setup.server)[2]).to.equal("GET /conversations/conversation-1/events after e1-6");
      setup.controller.newConversation();
    });

    it("are withdrawn when decided elsewhere", async () => {
      const setup = setUp();
      const stream = await ask(setup);
      stream.send(...numbered([toolResult("call-1", "denied")], 7));
      await setup.until(({ pendingApprovals }) => pendingApprovals.length === 0);
      setup.controller.newConversation();
    });
  });

  describe("cancel", () => {
    it("asks the server, and keeps what was said", async () => {
      const { server, controller, shown, until, finished } = setUp();
      const stream = openStream();
      server.answers(stream.answer, () => new Response(null, { status: 202 }));
      controller.send("Hello");
      stream.send(...FIRST_TURN.slice(0, 4));
      await until(({ messages }) => messages.length === 2);
      await controller.cancel();
      expect(shown().activeTurn).to.deep.equal({ id: "t1", cancelling: true });
      expect(server.requests[1]).to.deep.include({
        path: "/api/chatbot/cancel",
        body: { conversation_id: "conversation-1" },
      });
      stream.send(...numbered([done("t1", "cancelled")], 5));
      stream.end();
      await finished();
      expect(shown().messages[1]).to.include({ stopped: true, streaming: false });
    });

    it("waits until the server has the message", async () => {
      const { server, controller, shown, finished } = setUp();
      const stream = openStream();
      server.answers(stream.answer, () => new Response(null, { status: 202 }));
      controller.send("Hello");
      await controller.cancel();
      expect(shown().activeTurn).to.deep.equal({ id: null, cancelling: true });
      stream.send(...FIRST_TURN.slice(0, 2));
      await server.received(2);
      expect(shown().activeTurn).to.deep.equal({ id: "t1", cancelling: true });
      expect(routes(server)).to.deep.equal(["POST /message", "POST /cancel"]);
      stream.send(...numbered([done("t1", "cancelled")], 3));
      stream.end();
      await finished();
    });

    it("can be asked for again when the server did not hear it", async () => {
      const { server, controller, shown, until } = setUp();
      const stream = openStream();
      server.answers(stream.answer, nothing);
      controller.send("Hello");
      stream.send(...FIRST_TURN.slice(0, 4));
      await until(({ messages }) => messages.length === 2);
      await controller.cancel();
      expect(shown().activeTurn).to.deep.equal({ id: "t1", cancelling: false });
      expect(shown().error).to.include({ code: "network" });
      stream.cut();
      controller.newConversation();
    });
  });

  describe("load", () => {
    it("shows the history of a conversation that rests, and asks for nothing more", async () => {
      const { server, controller, shown, until } = setUp();
      server.answers(json(snapshot()));
      const loading = controller.load("conversation-1");
      expect(controller.isLoading).to.equal(true);
      await loading;
      expect(controller.isLoading).to.equal(false);
      expect(transcript(shown())).to.deep.equal(["user: Hi", "assistant: Hello"]);
      await until(({ activeTurn }) => activeTurn === null);
      expect(server.requests.length).to.equal(1);
    });

    it("continues a turn in progress from its start, without telling anything twice", async () => {
      const { server, controller, shown, finished } = setUp();
      server.answers(
        json(
          snapshot({
            messages: [...snapshot().messages, userHistory("message-t2", "More")],
            active_turn: { turn_id: "t2", state: "running" },
          }),
        ),
        streamOf(numbered([started("t2", "More"), ...texts(0, "Su", "re"), done("t2")], 11)),
      );
      await controller.load("conversation-1");
      await finished();
      expect(transcript(shown())).to.deep.equal(["user: Hi", "assistant: Hello", "user: More", "assistant: Sure"]);
      expect(routes(server)[1]).to.equal("GET /conversations/conversation-1/events after e1-10");
    });

    it("announces a pending approval once", async () => {
      const { server, controller, told, until } = setUp();
      const request = toolRequest("call-1");
      if (request.type !== "tool_request") throw new Error("not a request");
      const stream = openStream();
      server.answers(
        json(snapshot({ active_turn: { turn_id: "t2", state: "awaiting_approval" }, pending_approvals: [request] })),
        stream.answer,
      );
      await controller.load("conversation-1");
      expect(told).to.deep.equal(["request call-1"]);
      stream.send(
        ...numbered(
          [started("t2", "More"), toolUse("call-1"), toolUse("call-1", { id: 7 }), request, awaitingApproval],
          11,
        ),
      );
      await until(({ lastEventId }) => lastEventId === "e1-15");
      expect(told.filter((line) => line.startsWith("request"))).to.deep.equal(["request call-1"]);
      controller.newConversation();
    });

    it("comes back to the remembered conversation", async () => {
      const { server, controller, shown } = setUp("conversation-1");
      server.answers(json(snapshot()));
      await controller.restore();
      expect(shown().id).to.equal("conversation-1");
    });

    it("forgets a remembered conversation that is gone, without a word", async () => {
      const { server, controller, shown, remembered, told } = setUp("gone");
      server.answers(refusal(404, "not_found"));
      await controller.restore();
      await Promise.resolve();
      expect(shown()).to.include({ id: null, error: null });
      expect(remembered.id).to.equal(null);
      expect(told).to.deep.equal([]);
    });

    it("says so when a conversation asked for is gone", async () => {
      const { server, controller, shown, until } = setUp();
      server.answers(refusal(404, "not_found"));
      void controller.load("gone");
      await until(({ error }) => error !== null);
      expect(shown().error).to.include({ code: "not_found", remedy: "none" });
    });

    it("can be tried again when the server could not be reached", async () => {
      const { server, controller, shown, until } = setUp();
      void controller.load("conversation-1");
      await until(({ error }) => error !== null);
      expect(shown()).to.include({ id: "conversation-1" });
      server.answers(json(snapshot()));
      controller.retry();
      await until(({ messages }) => messages.length === 2);
      expect(shown().error).to.equal(null);
    });

    it("lets a message wait for the history", async () => {
      const { server, controller, shown, finished } = setUp();
      server.answers(
        json(snapshot()),
        streamOf(numbered([started("t2", "More"), ...texts(0, "Sure"), done("t2")], 11)),
      );
      const loading = controller.load("conversation-1");
      expect(controller.send("More")).to.equal(true);
      await loading;
      await finished();
      expect(transcript(shown())).to.deep.equal(["user: Hi", "assistant: Hello", "user: More", "assistant: Sure"]);
      expect(routes(server)).to.deep.equal(["GET /conversations/conversation-1", "POST /message"]);
    });
  });

  it("leaves a conversation for a new one, stopping its turn", async () => {
    const { server, controller, shown, until, remembered } = setUp();
    const stream = openStream();
    server.answers(stream.answer, () => new Response(null, { status: 202 }));
    controller.send("Hello");
    stream.send(...FIRST_TURN.slice(0, 4));
    await until(({ messages }) => messages.length === 2);
    controller.newConversation();
    expect(transcript(shown())).to.deep.equal([]);
    expect(shown()).to.include({ id: null, activeTurn: null });
    expect(remembered.id).to.equal(null);
    await server.received(2);
    expect(routes(server)[1]).to.equal("POST /cancel");
  });

  describe("when the page is left before the server has the message", () => {
    const ANNA = tokenOf("anna");

    /** What is kept of a message that was on its way when the page was left. */
    async function leave(remembered: string | null = null): Promise<{ kept: string; key: string | null }> {
      const { server, controller, remembered: memory, host } = setUp(remembered, null, ANNA);
      const silent = openStream();
      server.answers(silent.answer);
      controller.send("Hello");
      await server.received(1);
      host.disconnect();
      if (memory.unsent === null) throw new Error("nothing was kept");
      return { kept: memory.unsent, key: keys(server)[0] ?? null };
    }

    it("sends it on under the same key, and forgets it once the server has it", async () => {
      const { kept, key } = await leave();
      const { server, controller, shown, finished, remembered } = setUp(null, kept, ANNA);
      server.answers(streamOf(FIRST_TURN));
      await controller.restore();
      await finished();
      expect(keys(server)).to.deep.equal([key]);
      expect(transcript(shown())).to.deep.equal(["user: Hello", "assistant: Hi there"]);
      expect(remembered).to.deep.equal({ id: "conversation-1", unsent: null });
    });

    it("shows the history first", async () => {
      const { kept } = await leave();
      const { server, controller, shown, until } = setUp("conversation-1", kept, ANNA);
      server.answers(json(snapshot()), openStream().answer);
      await controller.restore();
      await until(({ messages }) => messages.length === 3);
      expect(transcript(shown())).to.deep.equal(["user: Hi", "assistant: Hello", "user (sending): Hello"]);
    });

    it("shows it once when the server did have it, and has answered", async () => {
      const { kept } = await leave();
      const { server, controller, shown, until } = setUp("conversation-1", kept, ANNA);
      const answered = snapshot({
        messages: [userHistory("message-t1", "Hello"), assistantHistory("m2", "Hi there")],
        last_event_id: FIRST_TURN.at(-1)?.id ?? "",
      });
      server.answers(json(answered), streamOf(FIRST_TURN), json(answered));
      await controller.restore();
      await server.received(3);
      await until(({ activeTurn, messages }) => activeTurn === null && messages.length === 2);
      expect(transcript(shown())).to.deep.equal(["user: Hello", "assistant: Hi there"]);
    });

    it("shows nothing of it to somebody else", async () => {
      const { kept } = await leave();
      const { server, controller, shown } = setUp(null, kept, tokenOf("ben"));
      await controller.restore();
      expect(transcript(shown())).to.deep.equal([]);
      expect(server.requests).to.deep.equal([]);
    });

    for (const [title, change] of [
      ["long ago", { keptAtMs: 0 }],
      ["before a token told by whom", { user: null }],
    ] as const) {
      it(`asks first when it was written ${title}`, async () => {
        const { kept } = await leave();
        const { server, controller, shown, finished } = setUp(
          null,
          JSON.stringify({ ...JSON.parse(kept), ...change }),
          ANNA,
        );
        await controller.restore();
        expect(transcript(shown())).to.deep.equal(["user (failed): Hello"]);
        expect(server.requests).to.deep.equal([]);
        server.answers(streamOf(FIRST_TURN));
        controller.retry();
        await finished();
        expect(transcript(shown())).to.deep.equal(["user: Hello", "assistant: Hi there"]);
      });
    }

    it("keeps what was refused, too, and asks first", async () => {
      const first = setUp(null, null, ANNA);
      first.server.answers(refusal(429, "limit_exceeded"));
      first.controller.send("Hello");
      await first.until(({ error }) => error !== null);
      const { controller, shown, server } = setUp(null, first.remembered.unsent, ANNA);
      await controller.restore();
      expect(transcript(shown())).to.deep.equal(["user (failed): Hello"]);
      expect(server.requests).to.deep.equal([]);
    });

    it("takes nothing up that is not what was kept", async () => {
      const { controller, shown } = setUp(null, '{"underway":{"text":5}}', ANNA);
      await controller.restore();
      expect(transcript(shown())).to.deep.equal([]);
    });

    it("forgets it with the conversation", async () => {
      const { server, controller, remembered } = setUp();
      server.answers(openStream().answer);
      controller.send("Hello");
      await server.received(1);
      controller.newConversation();
      expect(remembered.unsent).to.equal(null);
    });
  });

  describe("an element", () => {
    it("that is moved keeps its stream", async () => {
      const { server, controller, host, until, finished, shown } = setUp();
      const stream = openStream();
      server.answers(stream.answer);
      controller.send("Hello");
      stream.send(...FIRST_TURN.slice(0, 4));
      await until(({ messages }) => messages.length === 2);
      host.disconnect();
      host.connect();
      await new Promise((resolve) => setTimeout(resolve));
      stream.send(...FIRST_TURN.slice(4));
      stream.end();
      await finished();
      expect(server.requests.length).to.equal(1);
      expect(transcript(shown())).to.deep.equal(["user: Hello", "assistant: Hi there"]);
    });

    for (const [title, leave, comeBack] of [
      ["is removed", (host: Host) => host.disconnect(), (host: Host) => host.connect()],
      ["is on a page kept for going back to", () => turnPage("pagehide"), () => turnPage("pageshow")],
    ] as const) {
      it(`that ${title} stops reading, and reads on when it is back`, async () => {
        const { server, controller, host, until, finished, shown } = setUp();
        const closed = Promise.withResolvers<void>();
        const stream = openStream();
        server.answers((request) => {
          request.signal.addEventListener("abort", () => closed.resolve());
          return stream.answer(request);
        });
        controller.send("Hello");
        stream.send(...FIRST_TURN.slice(0, 4));
        await until(({ messages }) => messages.length === 2);
        leave(host);
        await closed.promise;
        server.answers(streamOf(FIRST_TURN.slice(4)));
        comeBack(host);
        await finished();
        expect(routes(server)).to.deep.equal(["POST /message", "GET /conversations/conversation-1/events after e1-4"]);
        expect(transcript(shown())).to.deep.equal(["user: Hello", "assistant: Hi there"]);
        host.disconnect();
      });
    }
  });
});

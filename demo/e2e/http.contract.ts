import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HistoryMessage, MessageContentBlock } from "@chat-bot/widget/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDemo, type Demo } from "../src/create-demo.ts";
import { type ApiClient, createApiClient, readEvents, signIn } from "./api-client.ts";
import { checkStream, eventsOf, textOf } from "./check-stream.ts";
import { memberNames } from "./member-names.ts";
import type { StreamedEvent } from "./parse-event-stream.ts";

/** What the server keeps its data in. */
export interface Backend {
  /** For the server. */
  env: Record<string, string>;
  stop(): Promise<void>;
}

/** The server's contract, as it is seen from outside: whatever is behind it. */
export function describeHttp(title: string, startBackend: () => Promise<Backend>): void {
  describe(title, () => {
    let directory: string;
    let demo: Demo;
    let backend: Backend;

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), "chat-bot-http-"));
      backend = await startBackend();
      demo = await createDemo({ directory, delayMs: 0, env: { CHATBOT_REQUESTS_PER_MINUTE: "10000", ...backend.env } });
    });

    afterAll(async () => {
      await demo?.stop();
      await backend?.stop();
      await rm(directory, { recursive: true });
    });

    describe("A member", () => {
      test("lists the members without being asked, and the answer streams", async () => {
        const client = await signIn(demo, "member");
        const events = await client.send("List the members");
        checkStream(events);
        expect(eventsOf(events, "tool_request")).toEqual([]);
        expect(eventsOf(events, "tool_result")).toMatchObject([{ name: "members__member_list", outcome: "ok" }]);
        expect(textOf(events)).toContain(memberNames(demo)[0]);
        expect(eventsOf(events, "usage").length).toBe(2);
        expect(eventsOf(events, "done")).toMatchObject([{ reason: "end_turn" }]);
      });

      test("is not even offered the tool that removes one", async () => {
        const client = await signIn(demo, "member");
        const before = memberNames(demo);
        const events = await client.send(`Remove ${before[0]}`);
        checkStream(events);
        expect(eventsOf(events, "tool_use").map((call) => call.name)).not.toContain("members__member_remove");
        const session = await (await client.request("GET", "/session")).json();
        expect(session.tools.map((tool: { name: string }) => tool.name)).toEqual([
          "members__member_get",
          "members__member_list",
        ]);
        expect(memberNames(demo)).toEqual(before);
      });

      test("gets nothing run when the model calls a tool that was not offered", async () => {
        const client = await signIn(demo, "member");
        const before = memberNames(demo);
        const call = { name: "members__member_remove", input: { member_id: 1 } };
        const events = await client.send(`script:${JSON.stringify([{ tool_use: [call] }, { text: "I may not." }])}`);
        checkStream(events);
        expect(eventsOf(events, "tool_result")).toMatchObject([{ outcome: "error" }]);
        expect(textOf(events)).toBe("I may not.");
        expect(memberNames(demo)).toEqual(before);
      });
    });

    describe("An admin", () => {
      test("denies a removal, and the conversation goes on without it", async () => {
        const client = await signIn(demo, "admin");
        const before = memberNames(demo);
        const events = await client.send(`Remove ${before[1]}`, { onEvent: answering(client, false) });
        checkStream(events);
        const [request] = eventsOf(events, "tool_request");
        expect(request).toMatchObject({ name: "members__member_remove" });
        const call = eventsOf(events, "tool_use").findLast((use) => use.name === "members__member_remove");
        expect(request?.input).toEqual(call?.input);
        expect(eventsOf(events, "tool_result").at(-1)).toMatchObject({ outcome: "denied" });
        expect(textOf(events)).not.toBe("");
        expect(eventsOf(events, "done")).toMatchObject([{ reason: "end_turn" }]);
        expect(memberNames(demo)).toEqual(before);
      });

      test("approves a removal, and the member is gone from the database", async () => {
        const client = await signIn(demo, "admin");
        const leaving = memberNames(demo)[2] ?? "";
        const events = await client.send(`Remove ${leaving}`, { onEvent: answering(client, true) });
        checkStream(events);
        expect(eventsOf(events, "tool_result").at(-1)).toMatchObject({ name: "members__member_remove", outcome: "ok" });
        expect(memberNames(demo)).not.toContain(leaving);
      });

      test("sees a file appear chunk by chunk, and it is on disk", async () => {
        const client = await signIn(demo, "admin");
        const events = await client.send("Create a file log/season.txt with 2000 lines", {
          onEvent: answering(client, true),
        });
        checkStream(events);
        const chunks = eventsOf(events, "tool_chunk").filter((chunk) => chunk.channel === "file");
        expect(chunks.length).toBeGreaterThan(1);
        const [name = ""] = (await readdir(demo.workspaceDir, { recursive: true })).filter((path) =>
          path.endsWith("season.txt"),
        );
        const written = await readFile(join(demo.workspaceDir, name), "utf8");
        expect(chunks.map((chunk) => chunk.chunk).join("")).toBe(written);
        expect(written.split("\n").length).toBeGreaterThanOrEqual(2000);
      });

      test("finds everything again: history, list, events byte for byte, and deletes it", async () => {
        const client = await signIn(demo, "admin");
        const events = await client.send("List the members");
        const id = conversationOf(events);
        const snapshot = await (await client.request("GET", `/conversations/${id}`)).json();
        expect(snapshot).toMatchObject({
          id,
          active_turn: null,
          pending_approvals: [],
          last_event_id: events.at(-1)?.id,
        });
        expect(snapshot.messages[0]).toMatchObject({
          role: "user",
          content: [{ type: "text", text: "List the members" }],
        });
        const shown = snapshot.messages.slice(1).flatMap((message: HistoryMessage) => message.content);
        const texts = shown.map((block: MessageContentBlock) => (block.type === "text" ? block.text : ""));
        expect(texts.join("")).toBe(textOf(events));
        const list = await (await client.request("GET", "/conversations?limit=1")).json();
        expect(list.conversations[0]).toMatchObject({ id, title: "List the members" });

        const again: StreamedEvent[] = [];
        for await (const event of readEvents(await client.request("GET", `/conversations/${id}/events`)))
          again.push(event);
        expect(again).toEqual(events);
        const middle = events[3]?.id ?? "";
        const tail: StreamedEvent[] = [];
        const resumed = await client.request("GET", `/conversations/${id}/events`, {
          headers: { "Last-Event-ID": middle },
        });
        for await (const event of readEvents(resumed)) tail.push(event);
        expect(tail).toEqual(events.slice(4));
        const last = { headers: { "Last-Event-ID": events.at(-1)?.id ?? "" } };
        expect((await client.request("GET", `/conversations/${id}/events`, last)).status).toBe(204);

        expect((await client.request("DELETE", `/conversations/${id}`)).status).toBe(204);
        expect((await client.request("GET", `/conversations/${id}`)).status).toBe(404);
      });

      test("writes a new message instead of deciding: the question is superseded", async () => {
        const client = await signIn(demo, "admin");
        const first = await client.request("POST", "/message", { body: { message: `Remove ${memberNames(demo)[0]}` } });
        const events: StreamedEvent[] = [];
        let second: Promise<StreamedEvent[]> | null = null;
        for await (const event of readEvents(first)) {
          events.push(event);
          const isWaiting = event.data.type === "status_update" && event.data.state === "awaiting_approval";
          if (isWaiting) second = client.send("List the members", { conversationId: conversationOf(events) });
        }
        checkStream(events);
        expect(eventsOf(events, "tool_result").at(-1)).toMatchObject({ outcome: "superseded" });
        expect(eventsOf(events, "done")).toMatchObject([{ reason: "superseded" }]);
        checkStream((await second) ?? []);
      });

      test("stops an answer in the middle and keeps what had come", async () => {
        const client = await signIn(demo, "admin");
        const script = { text: "word ", repeat: 2000, chunks: 400, delay_ms: 20 };
        let cancelled = false;
        let id = "";
        const events = await client.send(`script:${JSON.stringify([script])}`, {
          async onEvent(event) {
            if (event.data.type === "session_created") id = event.data.conversation_id;
            if (event.data.type !== "text" || cancelled) return;
            cancelled = true;
            const response = await client.request("POST", "/cancel", { body: { conversation_id: id } });
            expect(response.status).toBe(202);
          },
        });
        checkStream(events);
        expect(eventsOf(events, "done")).toMatchObject([{ reason: "cancelled" }]);
        expect(eventsOf(events, "usage")).toMatchObject([{ estimated: true }]);
        const snapshot = await (await client.request("GET", `/conversations/${id}`)).json();
        expect(snapshot.messages[1]).toMatchObject({
          stopped: true,
          content: [{ type: "text", text: textOf(events) }],
        });
      });
    });

    describe("A second message", () => {
      test("while one is being answered is refused with 409, and the same one gets the same stream", async () => {
        const client = await signIn(demo, "admin");
        const message = `script:${JSON.stringify([{ text: "slow ", repeat: 200, chunks: 40, delay_ms: 10 }])}`;
        const headers = { "Idempotency-Key": "key-1" };
        const first = await client.request("POST", "/message", { body: { message }, headers });
        const refused = await client.request("POST", "/message", {
          body: { message: "hello" },
          headers: { "Accept-Language": "pt-BR" },
        });
        expect(refused.status).toBe(409);
        const body = await refused.json();
        expect(body).toMatchObject({ error: "concurrent_request", conversation_id: expect.any(String) });
        expect(body.message).toContain("assistente");
        const twin = await client.request("POST", "/message", { body: { message }, headers });
        expect(await twin.text()).toBe(await first.text());
        const other = await client.request("POST", "/message", { body: { message: "other" }, headers });
        expect([other.status, (await other.json()).error]).toEqual([422, "idempotency_mismatch"]);
      });
    });

    describe("Bad input", () => {
      const cases: [string, string, string, RequestInit & { body?: string }, number, string][] = [
        ["an unknown path", "GET", "/nothing", {}, 404, "not_found"],
        ["a wrong method", "GET", "/message", {}, 405, "method_not_allowed"],
        ["what is not JSON", "POST", "/message", { body: "{" }, 400, "invalid_json"],
        ["an empty message", "POST", "/message", { body: '{"message":"  "}' }, 400, "invalid_payload"],
        ["a wrong type", "POST", "/message", { body: '{"message":1}' }, 400, "invalid_payload"],
        ["an unknown field", "POST", "/message", { body: '{"message":"x","system":"y"}' }, 400, "invalid_payload"],
        [
          "a message that is too long",
          "POST",
          "/message",
          { body: JSON.stringify({ message: "x".repeat(10_001) }) },
          400,
          "invalid_payload",
        ],
        [
          "a body that is too large",
          "POST",
          "/message",
          { body: JSON.stringify({ message: "x".repeat(70_000) }) },
          413,
          "payload_too_large",
        ],
        [
          "another's conversation",
          "POST",
          "/message",
          { body: '{"message":"x","conversation_id":"conv_1"}' },
          404,
          "not_found",
        ],
        [
          "an unknown question",
          "POST",
          "/approval",
          { body: '{"conversation_id":"c","tool_use_id":"t","approved":true}' },
          404,
          "not_found",
        ],
        ["nothing to cancel", "POST", "/cancel", { body: '{"conversation_id":"c"}' }, 404, "not_found"],
        ["a limit out of range", "GET", "/conversations?limit=101", {}, 400, "invalid_payload"],
        ["a bad cursor", "GET", "/conversations?cursor=x", {}, 400, "invalid_payload"],
      ];
      test.each(cases)("%s", async (_, method, path, { body }, status, code) => {
        const client = await signIn(demo, "admin");
        const response = await client.request(method, path, body === undefined ? {} : { body });
        expect(response.status).toBe(status);
        expect(await response.json()).toMatchObject({
          error: code,
          message: expect.any(String),
          request_id: expect.any(String),
        });
      });

      test("of the model becomes a result that it can react to", async () => {
        const client = await signIn(demo, "admin");
        for (const message of ["Send invalid input", "Call an unknown tool"]) {
          const events = await client.send(message);
          checkStream(events);
          expect(eventsOf(events, "tool_result")).toMatchObject([{ outcome: "error" }]);
          expect(eventsOf(events, "done")).toMatchObject([{ reason: "end_turn" }]);
        }
      });

      test("a path that leads outside is refused after approval, and nothing is written", async () => {
        const client = await signIn(demo, "admin");
        const events = await client.send("Write outside the workspace", { onEvent: answering(client, true) });
        checkStream(events);
        expect(eventsOf(events, "tool_result")).toMatchObject([{ outcome: "error" }]);
        expect(await readdir(directory)).not.toContain("escape.txt");
      });

      test("a token that is missing or broken is refused alike", async () => {
        const missing = await fetch(`${demo.bffUrl}/api/chatbot/session`);
        const broken = await createApiClient(demo, "a.b.c").request("GET", "/session");
        expect([missing.status, broken.status]).toEqual([401, 401]);
        const [a, b] = [await missing.json(), await broken.json()];
        expect({ ...a, request_id: "" }).toEqual({ ...b, request_id: "" });
        expect(missing.headers.get("WWW-Authenticate")).toContain("Bearer");
      });
    });

    describe("The provider's faults", () => {
      test.each([
        ["Fail with overloaded", "provider_overloaded"],
        ["Rate limit", "provider_rate_limited"],
        ["Server error", "provider_unavailable"],
        ["Break the stream", "provider_overloaded"],
        ["Cut the stream", "provider_unavailable"],
      ])("%s", async (message, code) => {
        const client = await signIn(demo, "admin");
        const events = await client.send(message);
        checkStream(events);
        expect(eventsOf(events, "error")).toMatchObject([{ error: code }]);
        expect(eventsOf(events, "done")).toMatchObject([{ reason: "error" }]);
        // The conversation is usable afterwards.
        const next = await client.send("List the members", { conversationId: conversationOf(events) });
        expect(eventsOf(next, "done")).toMatchObject([{ reason: "end_turn" }]);
      });
    });
  });
}

/** Answers every question of a turn. */
function answering(
  client: ApiClient,
  approved: boolean,
  seen: StreamedEvent[] = [],
): (event: StreamedEvent) => unknown {
  let conversationId = "";
  return async (event) => {
    seen.push(event);
    if (event.data.type === "session_created") conversationId = event.data.conversation_id;
    if (event.data.type !== "tool_request") return;
    const { tool_use_id, input_sha256 } = event.data;
    const response = await client.request("POST", "/approval", {
      body: { conversation_id: conversationId, tool_use_id, approved, input_sha256 },
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ tool_use_id, decision: approved ? "approved" : "denied" });
  };
}

function conversationOf(events: readonly StreamedEvent[]): string {
  return eventsOf(events, "session_created")[0]?.conversation_id ?? "";
}

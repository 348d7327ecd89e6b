// Nobody reads or changes another's data, or learns that it is there: with an id of somebody else every route answers, byte
// for byte, what it answers with an id that nobody has.

import { randomBytes } from "node:crypto";
import type { ConversationList } from "@chat-bot/widget/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { framesIn } from "./event-frames.ts";
import { noteFigures } from "./fault-figures.ts";
import { AUDIENCE } from "./fault-user.ts";
import type { Answer, ForgedRequest } from "./forgery-client.ts";
import { refusalFaults } from "./refusal-faults.ts";
import { type PendingCall, Witness, WitnessedServer } from "./witness.ts";

const OTHER_ISSUER = "https://another-host.example";
const OTHER_SECRET = randomBytes(32).toString("hex");
/** Ids of the right form that were given to nobody. */
const NOBODYS = { conversation: `conv_${"a".repeat(32)}`, call: `toolu_${"a".repeat(24)}` };
/** What a person who may do everything here may do. */
const EVERYTHING = ["chatbot:use", "chatbot:admin", "bank:use", "workspace:read", "workspace:write"];

/** What the owner has, and strangers know. */
interface Known {
  conversationId: string;
  call: PendingCall;
  /** Of the last event the owner has read. */
  lastEventId: string;
}

/** Every route that takes an id, with the ids of somebody else. */
const ROUTES: readonly [route: string, request: (stranger: Witness, known: Known) => ForgedRequest][] = [
  ["GET /conversations/:id", (who, { conversationId }) => who.sends("GET", `/conversations/${conversationId}`)],
  [
    "GET /conversations/:id/events",
    (who, { conversationId }) => who.sends("GET", `/conversations/${conversationId}/events`),
  ],
  [
    "GET /conversations/:id/events?after=",
    (who, { conversationId, lastEventId }) =>
      who.sends("GET", `/conversations/${conversationId}/events?after=${lastEventId}`),
  ],
  [
    "GET /conversations/:id/events with Last-Event-ID",
    (who, { conversationId, lastEventId }) =>
      who.sends("GET", `/conversations/${conversationId}/events`, undefined, [["Last-Event-ID", lastEventId]]),
  ],
  [
    "GET /conversations/:id/approvals",
    (who, { conversationId }) => who.sends("GET", `/conversations/${conversationId}/approvals`),
  ],
  [
    "DELETE /conversations/:id/approvals/:name",
    (who, { conversationId }) => who.sends("DELETE", `/conversations/${conversationId}/approvals/bank__pay`),
  ],
  ["DELETE /conversations/:id", (who, { conversationId }) => who.sends("DELETE", `/conversations/${conversationId}`)],
  [
    "POST /message",
    (who, { conversationId }) => who.posts("/message", { conversation_id: conversationId, message: "What was said?" }),
  ],
  [
    "POST /approval, approving",
    (who, { conversationId, call }) => who.decides(call, { conversation_id: conversationId }),
  ],
  [
    "POST /approval, denying",
    (who, { conversationId, call }) => who.decides(call, { conversation_id: conversationId, approved: false }),
  ],
  ["POST /cancel", (who, { conversationId }) => who.posts("/cancel", { conversation_id: conversationId })],
];

let server: WitnessedServer;
let owner: Witness;
let known: Known;
const strangers = new Map<string, Witness>();
let refused = 0;

beforeAll(async () => {
  server = await WitnessedServer.start({}, [
    { issuer: OTHER_ISSUER, audience: AUDIENCE, secret: OTHER_SECRET, origins: [] },
  ]);
  owner = await Witness.signIn(server);
  await owner.talk("The code is 4711.");
  const call = await owner.askToPay();
  const { last_event_id: lastEventId } = await owner.snapshot();
  known = { conversationId: owner.conversationId, call, lastEventId };

  const { sub, org } = owner.claims;
  const host = { iss: OTHER_ISSUER };
  strangers.set("a colleague", await Witness.signIn(server, { org }));
  strangers.set("an administrator", await Witness.signIn(server, { org, permissions: EVERYTHING }));
  strangers.set("a namesake in another organization", await Witness.signIn(server, { sub }));
  strangers.set(
    "a namesake at another host",
    await Witness.signIn(server, owner.claims, await server.token(owner.claims, host, OTHER_SECRET)),
  );
});
afterAll(async () => {
  noteFigures("G15", { "requests of strangers, all 404": refused });
  await server[Symbol.asyncDispose]();
});

describe.each(["a colleague", "an administrator", "a namesake in another organization", "a namesake at another host"])(
  "%s",
  (name) => {
    function stranger(): Witness {
      const witness = strangers.get(name);
      if (witness === undefined) throw new Error(`nobody is ${name}`);
      return witness;
    }

    it.each(ROUTES)("learns nothing from %s", async (_route, request) => {
      const before = server.ledger(known.conversationId);
      const theirs = await server.client.send(request(stranger(), known));
      const nobodys = await server.client.send(
        request(stranger(), {
          ...known,
          conversationId: NOBODYS.conversation,
          call: { ...known.call, toolUseId: NOBODYS.call },
        }),
      );
      expect(theirs.status, theirs.body).toBe(404);
      expect(refusalFaults(theirs)).toEqual([]);
      expect(told(theirs)).toEqual(told(nobodys));
      expect(server.ledger(known.conversationId) === before, "the ledger is as it was").toBe(true);
      refused += 1;
    });

    it("has only conversations of their own in their list, whoever's cursor they use", async () => {
      const theirs = await listOf(stranger(), "");
      expect(theirs.conversations.map(({ id }) => id)).not.toContain(known.conversationId);
      await owner.another().talk("A second conversation, so that there is a cursor.");
      const { next_cursor: cursor } = await listOf(owner, "?limit=1");
      expect(cursor).not.toBeNull();
      const answer = await server.client.send(stranger().sends("GET", `/conversations?cursor=${String(cursor)}`));
      expect(answer.body).not.toContain(known.conversationId);
    });

    it("begins a conversation of their own with another's Idempotency-Key", async () => {
      const key = randomBytes(16).toString("hex");
      const text = 'script:{"text":"Yours."}';
      const asked = owner.another().says(text, {}, [["Idempotency-Key", key]]);
      const [first] = framesIn((await server.client.send(asked)).body);
      const [second] = framesIn((await server.client.send(stranger().says(text, {}, [["Idempotency-Key", key]]))).body);
      expect(first?.data.type).toBe("session_created");
      expect(second?.data.type).toBe("session_created");
      expect(JSON.stringify(second)).not.toBe(JSON.stringify(first));
    });
  },
);

it("keeps it all for its owner", async () => {
  for (const [route, request] of ROUTES.slice(0, 5)) {
    const answer = await server.client.send(request(owner, known), { leavesStreams: true });
    expect(answer.status, route).toBe(200);
  }
  expect((await owner.approve(known.call)).status).toBe(200);
  const { messages, runs } = owner.expected;
  expect(await owner.evidence()).toMatchObject({ messages, runs });
});

async function listOf(witness: Witness, query: string): Promise<ConversationList> {
  return JSON.parse((await server.client.send(witness.sends("GET", `/conversations${query}`))).body);
}

/** All that an answer tells, but for what is new in every one. */
function told({ status, headers, body }: Answer): unknown {
  const { date: _date, "x-request-id": requestId, ...rest } = headers;
  return { status, headers: rest, body: body.replaceAll(String(requestId), "<request>") };
}

import { describe, expect, it } from "vitest";
import { seededRandom } from "../seeded-random.ts";
import { FAULT_TIMEOUT_MS, faultCount, faultSeed } from "./fault-counts.ts";
import { noteFigures, quantile } from "./fault-figures.ts";
import type { Answer } from "./forgery-client.ts";
import { type FuzzedRequest, fuzzRequest, type Target, type Targets } from "./fuzz-request.ts";
import { malformedRequest, sendRaw } from "./malformed-request.ts";
import { refusalFaults } from "./refusal-faults.ts";
import { type PendingCall, type Prompt, Witness, WitnessedServer } from "./witness.ts";

const REQUESTS = faultCount("FUZZ_REQUESTS", { small: 1000, full: 100_000 });
const SEED = faultSeed();
/** Requests between two looks at the witness; then others take the places of those who have done all they could. */
const REQUESTS_EACH = 1000;
const AT_ONCE = 8;
const OTHERS = 6;
/** One in so many is not even HTTP. */
const MALFORMED_EACH = 50;
/** However long a machine takes: an answer that does not come by then is not coming. */
const ANSWERED_WITHIN_MS = 20_000;
/** What some thousand requests are bound to be answered with, and what it takes many for. */
const COMMON_STATUSES = [200, 400, 401, 403, 404, 405];
const RARE_STATUSES = [202, 204, 409, 410, 413, 415, 422];
const MANY = 50_000;
const FAULTS_SHOWN = 10;
const PAGE_INTRODUCTION = "The page the user is looking at, as data.";

describe(`requests that somebody made up (seed ${SEED})`, () => {
  it(
    `are answered as the contract says, and change nothing for anybody else (${REQUESTS} requests)`,
    async () => {
      await using server = await WitnessedServer.start();
      const witness = await Witness.signIn(server);
      await witness.talk("Hello.");
      const call = await witness.askToPay();
      const tally = new Tally();
      const startedAt = performance.now();
      for (let first = 0; first < REQUESTS; first += REQUESTS_EACH) {
        const targets = await targetsFor(server, witness, call, tally);
        const before = server.ledger(witness.conversationId);
        const calls = server.rig.modelCalls.length;
        const numbers = Array.from({ length: Math.min(REQUESTS_EACH, REQUESTS - first) }, (_, index) => first + index);
        const rest = numbers.values();
        await Promise.all(
          Array.from({ length: AT_ONCE }, async () => {
            for (const number of rest) await sendOne(server, number, targets, tally);
          }),
        );
        expect(tally.faults.slice(0, FAULTS_SHOWN)).toEqual([]);
        expect(server.ledger(witness.conversationId) === before, "the witness's ledger is as it was").toBe(true);
        expect((await witness.usage()).user).toMatchObject({ used: server.toldTokens(witness.claims), reserved: 0 });
        const prompts = server.rig.modelCalls.slice(calls).map(({ body }): Prompt => JSON.parse(JSON.stringify(body)));
        expect(
          prompts.flatMap((prompt) => promptFaults(prompt, server.frame, tally.texts)).slice(0, FAULTS_SHOWN),
        ).toEqual([]);
        tally.prompts += prompts.length;
      }
      const seconds = (performance.now() - startedAt) / 1000;

      // The honest user goes on, with the payment that waited all the time.
      expect((await witness.approve(call)).status).toBe(200);
      expect(await witness.evidence()).toEqual(witness.expected);
      const { body } = await server.client.send(witness.sends("GET", "/conversations"));
      expect(JSON.parse(body)).toMatchObject({ conversations: [{ id: witness.conversationId }], next_cursor: null });
      noteFigures("G5", {
        "requests made up": REQUESTS,
        seed: SEED,
        "of these broken on purpose, and refused": tally.broken,
        "of these no HTTP, and refused": tally.malformed,
        "by status": [...tally.statuses]
          .toSorted(([a], [b]) => a - b)
          .map(([status, count]) => `${status}: ${count}`)
          .join(", "),
        "prompts caused by them, all as they must be": tally.prompts,
        "answered after, median (ms)": round(quantile(tally.durations, 0.5)),
        "answered after, 99 of 100 (ms)": round(quantile(tally.durations, 0.99)),
        "answered after, longest (ms)": round(quantile(tally.durations, 1)),
        "took (s)": Math.round(seconds),
      });
      // Made up as they are, they must get everywhere: else this would prove little.
      for (const status of REQUESTS < MANY ? COMMON_STATUSES : [...COMMON_STATUSES, ...RARE_STATUSES]) {
        expect(tally.statuses.has(status), `some are answered with ${status}`).toBe(true);
      }
    },
    FAULT_TIMEOUT_MS,
  );
});

/** What was seen. */
class Tally {
  readonly faults: string[] = [];
  readonly statuses = new Map<number, number>();
  readonly durations: number[] = [];
  /** What somebody asked to be said, in so many words. */
  readonly texts = new Set<string>();
  broken = 0;
  malformed = 0;
  prompts = 0;
}

async function sendOne(server: WitnessedServer, number: number, targets: Targets, tally: Tally): Promise<void> {
  // Each by itself can be made again from the seed and its number.
  const random = seededRandom(SEED + number);
  if (number % MALFORMED_EACH === 0) {
    const request = malformedRequest(random, targets.witness.token);
    const answer = await sendRaw(server.rig.url, request);
    tally.malformed += 1;
    // Of a connection that is closed on unread bytes not even the answer may arrive.
    if (answer !== "" && !/^HTTP\/1\.1 4\d\d /.test(answer))
      tally.faults.push(`request ${number}: ${answer.slice(0, 200)} for ${request.slice(0, 200)}`);
    return;
  }
  const request = fuzzRequest(random, targets);
  remember(request, tally);
  const isPatient = random() < 0.5;
  try {
    const answer = await server.client.send(request, {
      leavesStreams: request.method === "GET" || !isPatient,
      until: (received) => received.includes('"state":"awaiting_approval"'),
      timeoutMs: ANSWERED_WITHIN_MS,
    });
    tally.statuses.set(answer.status, (tally.statuses.get(answer.status) ?? 0) + 1);
    tally.durations.push(answer.ms);
    if (request.isBroken) tally.broken += 1;
    for (const fault of answerFaults(request, answer)) {
      tally.faults.push(
        `request ${number}: ${fault}\n${describeRequest(request)}\n${answer.status} ${answer.body.slice(0, 500)}`,
      );
    }
  } catch (error) {
    tally.faults.push(`request ${number}: ${String(error)}\n${describeRequest(request)}`);
  }
}

function answerFaults(request: FuzzedRequest, answer: Answer): string[] {
  const { status } = answer;
  if (request.isBroken && status < 400) return ["was broken, and heard"];
  if (status < 400) return [];
  return request.method === "HEAD" ? (status < 500 ? [] : [`is answered with ${status}`]) : refusalFaults(answer);
}

/** What a message may add to prompts, whether it is accepted or not. */
function remember({ body }: FuzzedRequest, { texts }: Tally): void {
  if (body === undefined) return;
  try {
    const parsed: unknown = JSON.parse(body.toString());
    if (typeof parsed !== "object" || parsed === null || !("message" in parsed)) return;
    if (typeof parsed.message === "string") texts.add(parsed.message.trim());
  } catch {
    // No JSON adds anything.
  }
}

/** What in a prompt neither the server nor the model nor a message of its user can have written. */
function promptFaults(prompt: Prompt, frame: Prompt, texts: ReadonlySet<string>): string[] {
  const { messages, metadata, ...others } = prompt;
  const faults: string[] = [];
  if (JSON.stringify(others) !== JSON.stringify(frame)) faults.push(`another frame: $JSON.stringify(others)`);
  if (!/^{"user_id":"[0-9a-f]{64}"}$/.test(JSON.stringify(metadata))) faults.push("another metadata");
  const asked = new Set<string>();
  let expected = "user";
  for (const { role, content } of messagesOf(messages)) {
    if (role !== expected) faults.push(`${role} instead of ${expected}`);
    expected = expected === "user" ? "assistant" : "user";
    for (const block of content) {
      if (role === "assistant" && block.type === "tool_use") asked.add(block.id ?? "");
      else if (role === "user" && block.type === "tool_result" && asked.delete(block.tool_use_id ?? "")) continue;
      else if (block.type !== "text") faults.push(`${role} has a ${block.type}`);
      else if (role === "user" && !texts.has(block.text ?? "") && block.text?.startsWith(PAGE_INTRODUCTION) !== true) {
        faults.push(`words nobody said: ${block.text?.slice(0, 200)}`);
      }
    }
  }
  if (asked.size > 0) faults.push("a call without its result");
  return faults;
}

interface PromptBlock {
  type: string;
  text?: string;
  id?: string;
  tool_use_id?: string;
}

function messagesOf(messages: unknown): { role: string; content: PromptBlock[] }[] {
  return JSON.parse(JSON.stringify(messages));
}

/** The witness, and some others of the same organization who have just come. */
async function targetsFor(
  server: WitnessedServer,
  witness: Witness,
  call: PendingCall,
  { texts }: Tally,
): Promise<Targets> {
  const others = await Promise.all(
    Array.from({ length: OTHERS }, async () => {
      const other = await Witness.signIn(server, { org: witness.claims.org });
      await other.talk("I am somebody else.");
      const pending = await other.askToPay();
      for (const { content } of other.expected.prompts.flatMap(({ messages }) => messagesOf(messages))) {
        for (const { text } of content) if (text !== undefined) texts.add(text);
      }
      return targetOf(other, pending);
    }),
  );
  return { witness: await targetOf(witness, call), others };
}

async function targetOf(user: Witness, call: PendingCall): Promise<Target> {
  const { last_event_id } = await user.snapshot();
  return { token: user.token, conversationId: user.conversationId, lastEventId: last_event_id, ...call };
}

function describeRequest({ method, path, headers, body }: FuzzedRequest): string {
  const shown = headers.map(([name, value]) => `${name}: ${value.slice(0, 60)}`).join("\n");
  return `${method} ${path.slice(0, 300)}\n${shown}\n\n${body?.toString().slice(0, 500) ?? ""}`;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

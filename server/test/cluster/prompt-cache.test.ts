import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type EventFrame, endOf, eventsOf, readFrames } from "../faults/event-frames.ts";
import { FAULT_TIMEOUT_MS, faultCount } from "../faults/fault-counts.ts";
import { noteFigures } from "../faults/fault-figures.ts";
import type { FaultUser } from "../faults/fault-user.ts";
import { ClusterRig, type ToolLists } from "./cluster-rig.ts";

const TURNS = faultCount("CACHE_TURNS", { small: 8, full: 100 });
/** After so many turns every replica asks the tool server for its tools again. */
const LIST_EVERY = 5;
/** After so many it is started anew. In between each replica calls a tool, and finds out. */
const RESTART_EVERY = LIST_EVERY * Math.ceil(TURNS / 25);
/** The MCP client waits for so long whether there is more news of the same kind. */
const NEWS_AFTER_MS = 350;
const MAX_BREAKPOINTS = 4;

describe("the request to the model", () => {
  it(
    "begins with the bytes of the one before, over replicas, restarts of a tool server, and lists in any order",
    async () => {
      await using rig = await ClusterRig.start({ replicas: 2 });
      const users = await usersOf(rig);
      const usages: ReturnType<typeof usageOf>[] = [];
      const told: ToolLists[] = [];
      let conversation: string | undefined;
      for (let turn = 0; turn < TURNS; turn += 1) {
        if (turn > 0 && turn % LIST_EVERY === 0) await listsAgain(rig, users);
        if (turn > 0 && turn % RESTART_EVERY === 0) {
          told.push(await rig.toolLists());
          await rig.restartToolServer();
        }
        const user = users[turn % users.length] ?? users[0];
        const frames = await say(user, messageOf(turn), conversation);
        expect(endOf(frames)).toBe("end_turn");
        conversation ??= eventsOf(frames, "session_created")[0]?.conversation_id;
        usages.push(...eventsOf(frames, "usage").map(usageOf));
      }
      const prompts = rig.prompts.map(readPrompt);
      expect(prompts).toHaveLength(usages.length);

      const [first] = prompts;
      expect(first?.tools).not.toBe("[]");
      expect(new Set(prompts.map(({ tools }) => tools)).size).toBe(1);
      expect(new Set(prompts.map(({ system }) => system)).size).toBe(1);
      expect(new Set(prompts.map(({ rest }) => rest)).size).toBe(1);
      const changed = prompts.flatMap(({ messages }, index) => {
        const before = prompts[index - 1]?.messages ?? [];
        return before.every((message, at) => messages[at] === message) ? [] : [index];
      });
      expect(changed).toEqual([]);
      const mostBreakpoints = Math.max(...prompts.map(({ breakpoints }) => breakpoints));
      expect(mostBreakpoints).toBeLessThanOrEqual(MAX_BREAKPOINTS);

      // Whatever a call left in the cache is what the next one reads.
      const misses = usages.flatMap(({ read }, index) =>
        index === 0 || read === usages[index - 1]?.kept ? [] : [index],
      );
      expect(misses).toEqual([]);
      const [read, all] = [sum(usages.map((usage) => usage.read)), sum(usages.map((usage) => usage.input))];
      expect(await rig.metric('chatbot_tokens_total{kind="cache_read"}')).toBe(read);
      const inputKinds = ["input", "cache_read", "cache_creation"];
      const counted = await Promise.all(inputKinds.map((kind) => rig.metric(`chatbot_tokens_total{kind="${kind}"}`)));
      expect(sum(counted)).toBe(all);

      // What all of this would prove nothing without.
      told.push(await rig.toolLists());
      expect(told.length).toBeGreaterThan(1);
      for (const { lists, orders } of told) expect([lists, orders]).toEqual([expect.any(Number), lists]);
      const lists = sum(told.map((server) => server.lists));
      expect(lists).toBeGreaterThanOrEqual(users.length * Math.ceil(TURNS / LIST_EVERY));
      noteFigures("G16", {
        "turns of one conversation, in turn on 2 replicas": TURNS,
        "restarts of the tool server": told.length - 1,
        "lists of its 12 tools, each in another order": lists,
        "model calls": prompts.length,
        "calls whose prompt does not begin with the one before": changed.length,
        "cache breakpoints, at most": mostBreakpoints,
        "input tokens that were read from the cache (share)": Math.round((read / all) * 1000) / 1000,
      });
    },
    FAULT_TIMEOUT_MS,
  );

  it("stays the same while a tool server is away", async () => {
    await using rig = await ClusterRig.start({ replicas: 2 });
    const users = await usersOf(rig);
    const first = await say(users[0], scriptOf([{ tool_use: [{ name: "tools__look", input: { ref: "it" } }] }]));
    const conversation = eventsOf(first, "session_created")[0]?.conversation_id;
    await rig.announceTools();
    await pause(NEWS_AFTER_MS);
    await rig.killToolServer();
    for (const user of users) {
      const frames = await say(user, scriptOf([{ text: "Still here." }]), conversation);
      expect(endOf(frames)).toBe("end_turn");
    }
    const prompts = rig.prompts.map(readPrompt);
    expect(prompts).toHaveLength(4);
    expect(new Set(prompts.map(({ tools }) => tools)).size).toBe(1);
  });
});

/** One person, as whom each replica knows them. */
async function usersOf(rig: ClusterRig): Promise<[FaultUser, ...FaultUser[]]> {
  const first = await rig.signIn();
  return [first, ...rig.urls.slice(1).map((url) => first.through(() => url))];
}

/** Resolves when every replica has asked for the list of tools once more. */
async function listsAgain(rig: ClusterRig, users: readonly FaultUser[]): Promise<void> {
  for (const user of users) {
    const before = await rig.toolLists();
    do {
      await rig.announceTools();
      await pause(NEWS_AFTER_MS);
      await user.request("GET", "/session");
    } while ((await rig.toolLists()).lists === before.lists);
  }
}

/** Sends a message and reads its turn to the end. */
async function say(user: FaultUser, message: string, conversationId?: string): Promise<EventFrame[]> {
  const body = { message, ...(conversationId === undefined ? {} : { conversation_id: conversationId }) };
  const response = await user.request("POST", "/message", { body });
  expect(response.status).toBe(200);
  const frames: EventFrame[] = [];
  for await (const frame of readFrames(response)) frames.push(frame);
  return frames;
}

/** Turns of every kind: a sentence, a call, calls side by side, several steps. */
function messageOf(turn: number): string {
  const call = (name: string, ref: string): object => ({ name: `tools__${name}`, input: { ref: `${turn} ${ref}` } });
  const kinds = [
    [{ text: `Answer ${turn}.` }],
    [{ tool_use: Array.from({ length: 14 }, (_, at) => call("draw", `${at}`)) }, { text: "A whole lot." }],
    [{ text: "Let me look.", tool_use: [call("look", "a")] }, { text: `Found ${turn}.` }],
    [{ tool_use: [call("find", "a"), call("sort", "b"), call("count", "c")] }, { text: "Three at once." }],
    [{ tool_use: [call("book", "a")] }, { thinking: "Once more.", tool_use: [call("rate", "b")] }, { text: "Both." }],
    [{ tool_use: [call("unknown", "a")] }, { text: "There is no such tool." }],
  ];
  return scriptOf(kinds[turn % kinds.length] ?? []);
}

interface Prompt {
  tools: string;
  system: string;
  /** Each message. */
  messages: string[];
  /** Everything that the cache depends on besides. */
  rest: string;
  breakpoints: number;
}

/** The parts of a request as JSON, members in the order in which they came, without the marks of the cache. */
function readPrompt(body: unknown): Prompt {
  const { tools = [], system, messages, model, thinking, tool_choice } = body as Record<string, unknown>;
  return {
    tools: unmarked(tools),
    system: unmarked(system),
    messages: (messages as unknown[]).map(unmarked),
    rest: JSON.stringify({ model, thinking, tool_choice }),
    breakpoints: JSON.stringify(body).split('"cache_control":').length - 1,
  };
}

function unmarked(value: unknown): string {
  return JSON.stringify(value, (key, member: unknown) => (key === "cache_control" ? undefined : member));
}

/** Input tokens of a call: all of them, those read from the cache, and those that are in it afterwards. */
function usageOf(event: {
  input_tokens: number;
  cache_read_input_tokens: number;
  cache_creation_input_tokens: number;
}): { input: number; read: number; kept: number } {
  const { input_tokens: fresh, cache_read_input_tokens: read, cache_creation_input_tokens: created } = event;
  return { input: fresh + read + created, read, kept: read + created };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function scriptOf(steps: readonly object[]): string {
  return `script:${JSON.stringify(steps)}`;
}

import type { ServerEvent } from "@chat-bot/widget/protocol";
import { validateMessages } from "../../../demo/src/scripted-claude/validate-request.ts";
import { ownerKey } from "../../src/store/identity.ts";
import type { LoggedEvent } from "../../src/store/store.ts";
import type { ToolCallRecord, ToolCallState } from "../../src/store/tool-call-record.ts";
import { checkEventLog } from "../check-event-log.ts";
import type { ModelCallBody } from "../engine.ts";
import { MANNERS } from "./planned-turn.ts";
import type { LedgerStep, TurnRig } from "./turn-rig.ts";

type Status = ToolCallState["status"];

/** The contract's ways of a call (section 3). The ledger's own table is not asked: it is what is tested. */
const WAYS: Record<Status, readonly Status[]> = {
  proposed: ["pending", "dispatched", "finished"],
  pending: ["finished"],
  approved: ["dispatched", "finished"],
  denied: ["finished"],
  dispatched: ["dispatched", "finished"],
  finished: [],
};

/** A conversation, as far as the store has it. */
interface Conversation {
  log: readonly LoggedEvent[];
  events: readonly ServerEvent[];
  calls: readonly ToolCallRecord[];
  /** What the user wrote. */
  texts: readonly string[];
  /** Turns whose messages are kept from the model. */
  refused: ReadonlySet<string>;
}

/** Holds against each other, after every command, what the store, the log, the tools and the model have of the same turns. */
export class RigChecker {
  readonly #rig: TurnRig;
  #prompts = 0;
  #ledgerSteps = 0;
  #runs = 0;
  /** Tokens counted for conversations that are deleted. */
  #usedByDeleted = 0;
  #hasDeleted = false;

  constructor(rig: TurnRig) {
    this.#rig = rig;
  }

  /** Prompts that were looked at. */
  get prompts(): number {
    return this.#prompts;
  }

  /** What does not hold. `open`: turns that are not over; `running`: whether somebody is at work, or died at it. */
  async check(conversations: readonly string[], open: readonly string[], running: boolean): Promise<string[]> {
    const faults: string[] = [];
    const known: Conversation[] = [];
    for (const id of conversations) {
      const conversation = await this.#read(id);
      if (conversation === null) continue;
      known.push(conversation);
      faults.push(...checkEventLog(conversation.log, { parked: open }));
      faults.push(...this.#checkLedger(conversation));
    }
    faults.push(...this.#checkLedgerSteps());
    faults.push(...(await this.#checkRuns()));
    faults.push(...this.#checkPrompts(known));
    faults.push(...(await this.#checkBudget(known, running)));
    return faults;
  }

  /** Keeps what was counted for a conversation that is about to be deleted. */
  async deleting(conversationId: string): Promise<void> {
    const conversation = await this.#read(conversationId);
    this.#hasDeleted = true;
    if (conversation !== null) this.#usedByDeleted += this.#counted(conversation.events);
  }

  async #read(id: string): Promise<Conversation | null> {
    const { store, identity, engine } = this.#rig;
    const stored = await store.loadConversation(identity.owner, id);
    if (stored === null) return null;
    const log = await engine.log(id);
    const events = log.map(({ data }): ServerEvent => JSON.parse(data));
    const refused = events.flatMap((event) =>
      event.type === "done" && event.reason === "refusal" ? [event.turn_id] : [],
    );
    const texts = events.flatMap((event) =>
      event.type === "status_update" && event.state === "started" ? [event.message.text] : [],
    );
    return { log, events, calls: stored.toolCalls, texts, refused: new Set(refused) };
  }

  /** Every call has one outcome, told once, and ran as often as it may. */
  #checkLedger({ events, calls }: Conversation): string[] {
    const faults: string[] = [];
    for (const call of calls) {
      const { state, toolUseId, name } = call;
      const say = (what: string): void => void faults.push(`${name} (${state.status}): ${what}`);
      const told = events.filter((event) => event.type === "tool_result" && event.tool_use_id === toolUseId);
      if (told.length !== (state.status === "finished" ? 1 : 0)) say(`was told ${told.length} outcomes`);
      const runs = this.#rig.runsOf(call).length;
      const isRepeatable = Object.values(MANNERS).some(({ tool, isRepeatable: may }) => tool === name && may);
      if (runs > 1 && !isRepeatable) say(`ran ${runs} times`);
      if (state.status === "finished") {
        const [event] = told;
        if (event?.type === "tool_result" && event.outcome !== state.outcome) say(`was told ${event.outcome}`);
        if (state.outcome === "ok" && runs === 0) say("is ok and never ran");
        if (["denied", "expired", "superseded"].includes(state.outcome) && runs > 0) say(`is ${state.outcome} and ran`);
        if (state.forModel.isError !== (state.outcome !== "ok")) say("tells the model something else");
      } else if (state.status !== "dispatched" && runs > 0) say("ran before it was dispatched");
    }
    return faults;
  }

  #checkLedgerSteps(): string[] {
    const news: LedgerStep[] = this.#rig.ledgerSteps.slice(this.#ledgerSteps);
    this.#ledgerSteps = this.#rig.ledgerSteps.length;
    return news.flatMap(({ from, to, toolUseId }) => {
      const isAllowed = from === null ? to === "proposed" : WAYS[from].includes(to);
      return isAllowed ? [] : [`${toolUseId} went from ${String(from)} to ${to}`];
    });
  }

  /** That it may have run is on record before it runs; and so is the approval of what needs one. */
  async #checkRuns(): Promise<string[]> {
    const faults: string[] = [];
    for (const { ledger, toolUseId, name, replica } of this.#rig.runs.slice(this.#runs)) {
      const { status, approved } = await ledger;
      const isAsked = Object.values(MANNERS).some(({ tool, isAsked: asks }) => tool === name && asks);
      // A process that was stopped in between runs it when it wakes: its successor has said that nobody knows, or the
      // conversation is gone.
      if (replica !== this.#rig.live && (status === "finished" || status === "none")) continue;
      if (status !== "dispatched") faults.push(`${toolUseId} ran while it was ${status}`);
      if (isAsked && !approved) faults.push(`${toolUseId} ran without approval`);
    }
    this.#runs = this.#rig.runs.length;
    return faults;
  }

  #checkPrompts(conversations: readonly Conversation[]): string[] {
    const faults: string[] = [];
    const { prompts } = this.#rig.engine;
    for (const [index, prompt] of prompts.slice(this.#prompts).entries()) {
      const say = (what: string): void =>
        void faults.push(`prompt ${this.#prompts + index}: ${what}\n${JSON.stringify(prompt.messages)}`);
      try {
        validateMessages(prompt);
      } catch (error) {
        say(String(error));
      }
      for (const what of unanswered(prompt)) say(what);
      for (const what of forgotten(prompt, conversations)) say(what);
    }
    this.#prompts = prompts.length;
    return faults;
  }

  /** Everything that was streamed is paid for, and nothing stays booked. */
  async #checkBudget(conversations: readonly Conversation[], running: boolean): Promise<string[]> {
    const { engine, store, identity } = this.#rig;
    const faults: string[] = [];
    // What a dead process had booked for a turn that it could not store any more is given back by the next admission.
    if (this.#rig.fallen.length > 0) {
      await store.releaseOrphanedReservations({ scope: { type: "user", id: ownerKey(identity.owner) } });
    }
    const { user, organization, global } = await engine.budget.usage(identity.owner);
    if (!running && user.reserved + organization.reserved + global.reserved > 0) faults.push("something stays booked");
    const counted = conversations.reduce((sum, { events }) => sum + this.#counted(events), 0);
    if (user.used < counted + this.#usedByDeleted) faults.push(`${user.used} used, ${counted} counted in the log`);
    if (!this.#hasDeleted && user.used !== counted) faults.push(`${user.used} used, ${counted} counted in the log`);
    const bytes = conversations.reduce((sum, { events }) => sum + streamedBytes(events), 0);
    if (!running && user.used * 4 < bytes) faults.push(`${user.used} tokens used, ${bytes} bytes streamed`);
    if (user.used !== organization.used || user.used !== global.used) faults.push("scopes differ");
    return faults;
  }

  #counted(events: readonly ServerEvent[]): number {
    return events.reduce((sum, event) => sum + (event.type === "usage" ? this.#rig.engine.budget.count(event) : 0), 0);
  }
}

function streamedBytes(events: readonly ServerEvent[]): number {
  return events.reduce((sum, event) => sum + (event.type === "text" ? Buffer.byteLength(event.text) : 0), 0);
}

/** The promise itself, without the help of anybody's validator: each `tool_use` has one result, first in the next message. */
function unanswered({ messages }: ModelCallBody): string[] {
  const faults: string[] = [];
  const seen = new Set<string>();
  for (const [index, { role, content }] of messages.entries()) {
    const asked = role === "assistant" ? idsOf(content, "tool_use", "id") : [];
    for (const id of asked) {
      if (seen.has(id)) faults.push(`${id} is asked for twice`);
      seen.add(id);
    }
    const before = index === 0 ? [] : idsOf(messages[index - 1]?.content ?? [], "tool_use", "id");
    const answered = idsOf(content, "tool_result", "tool_use_id");
    const first = idsOf(content.slice(0, before.length), "tool_result", "tool_use_id");
    if (JSON.stringify(answered.toSorted()) !== JSON.stringify(before.toSorted())) {
      faults.push(`message ${index} answers ${answered.join()} and should answer ${before.join()}`);
    }
    if (first.length !== before.length) faults.push(`message ${index} does not begin with its results`);
    if (asked.length > 0 && index === messages.length - 1) faults.push("the last message has no answer");
  }
  return faults;
}

/** What the model has asked for before is in the prompt, each call in its place, with the outcome that is on record. */
function forgotten({ messages }: ModelCallBody, conversations: readonly Conversation[]): string[] {
  const faults: string[] = [];
  const ids = messages.flatMap(({ content }) => idsOf(content, "tool_use", "id"));
  const written = messages.flatMap(({ content }) => content.map(({ text }) => text));
  const conversation = conversations.find(({ texts }) => texts.some((text) => written.includes(text)));
  if (conversation === undefined) return [];
  const kept = conversation.calls.filter(({ turnId }) => !conversation.refused.has(turnId));
  // A prompt of a turn that was refused later holds that turn's calls as well.
  const isPrefix = [kept, conversation.calls].some((calls) => ids.every((id, index) => calls[index]?.toolUseId === id));
  if (!isPrefix && conversation.refused.size < 2) faults.push("calls of the conversation are left out");
  for (const block of messages.flatMap(({ content }) => content)) {
    const call = conversation.calls.find(({ toolUseId }) => toolUseId === block["tool_use_id"]);
    if (block.type !== "tool_result" || call?.state.status !== "finished") continue;
    const [part] = Array.isArray(block["content"]) ? block["content"] : [];
    const [told] = call.state.forModel.content;
    if ((block["is_error"] === true) !== call.state.forModel.isError) faults.push(`${call.toolUseId}: another outcome`);
    if (told?.type === "text" && part?.text !== told.text) faults.push(`${call.toolUseId}: another result`);
  }
  return faults;
}

function idsOf(content: ModelCallBody["messages"][number]["content"], type: string, member: string): string[] {
  return content.flatMap((block) => (block.type === type ? [String(block[member])] : []));
}

import type { StoredTurn } from "../../src/store/store.ts";
import type { ToolCallRecord } from "../../src/store/tool-call-record.ts";
import type { ExpectedCall, ExpectedTurn } from "./expected-turn.ts";
import { STALLED_AFTER_BYTES } from "./planned-turn.ts";
import type { ToolRun, TurnRig } from "./turn-rig.ts";

/** The turn's own calls, in the order they were asked for. */
export function callsOf({ turn, toolCalls }: StoredTurn): StoredTurn["toolCalls"] {
  return toolCalls.filter(({ turnId }) => turnId === turn.id);
}

/** What keeps a turn from standing where it should; null when it does. @throws Error when it never will */
export async function missing(turn: ExpectedTurn, rig: TurnRig): Promise<string | null> {
  const { phase, mark } = turn;
  if (phase.status === "orphan") return null;
  const stored = await rig.store.loadTurn(turn.id);
  if (stored === null) return `turn ${mark} is not on record`;
  const { state } = stored.turn;
  if (turn.hasSaidAll) return state.status === "done" ? null : `turn ${mark} has not ended`;
  const actual = `turn ${mark} is ${JSON.stringify(state)} with ${describeCalls(stored)}; expected ${describe(turn)}`;
  if (state.status === "done" && (phase.status !== "done" || phase.reason !== state.reason)) throw new Error(actual);
  const status = { tools: "running", model: "running", parked: "awaiting_approval", done: "done" }[phase.status];
  if (state.status !== status || stored.turn.steps !== turn.steps) return actual;
  const calls = callsOf(stored);
  if (calls.length !== turn.calls.length) return actual;
  if (!turn.calls.every((call, index) => isAt(call, calls[index], rig))) return actual;
  return phase.status === "model" && !(await isSilent(turn, stored, rig))
    ? `turn ${mark} has not come to the silence`
    : null;
}

function isAt(expected: ExpectedCall, call: StoredTurn["toolCalls"][number] | undefined, rig: TurnRig): boolean {
  if (call === undefined || call.step !== expected.step || call.ordinal !== expected.ordinal) return false;
  const { state } = call;
  if (expected.state.status === "finished")
    return state.status === "finished" && expected.state.outcome === state.outcome;
  if (expected.state.status !== "held") return state.status === expected.state.status;
  return state.status === "dispatched" && runOf(call, rig) !== undefined;
}

/** The run of a call that the test may let come to its end. */
export function runOf(call: { conversationId: string; toolUseId: string }, rig: TurnRig): ToolRun | undefined {
  return rig.runsOf(call).find(({ replica, answer }) => replica === rig.live && answer !== null);
}

/** The model has sent what it sends before it falls silent, and all of that is in the log. */
async function isSilent(turn: ExpectedTurn, { conversation }: StoredTurn, rig: TurnRig): Promise<boolean> {
  if (!rig.stalled.has(`${turn.mark}.${turn.steps + 1}`)) return false;
  let bytes = 0;
  for (const { type, turnId, data } of await rig.engine.log(conversation.id)) {
    if (turnId !== turn.id) continue;
    if (type === "text") bytes += Buffer.byteLength(JSON.parse(data).text);
    else if (type !== "tool_chunk") bytes = 0;
  }
  return bytes === STALLED_AFTER_BYTES;
}

function describeCalls(stored: StoredTurn): string {
  const words = callsOf(stored).map(({ step, ordinal, name, state }) => {
    return `${step}.${ordinal} ${name} ${state.status === "finished" ? state.outcome : state.status}`;
  });
  return `${stored.turn.steps} steps, [${words.join(", ")}]`;
}

function describe(turn: ExpectedTurn): string {
  const words = turn.calls.map(({ step, ordinal, manner, state }) => {
    return `${step}.${ordinal} ${manner} ${state.status === "finished" ? state.outcome : state.status}`;
  });
  return `${JSON.stringify(turn.phase)} with ${turn.steps} steps, [${words.join(", ")}]`;
}

/** The call on record. */
export async function recordOf(turn: ExpectedTurn, call: ExpectedCall, rig: TurnRig): Promise<ToolCallRecord> {
  const stored = await rig.store.loadTurn(turn.id);
  const found = stored?.toolCalls.find(
    ({ turnId, step, ordinal }) => turnId === turn.id && step === call.step && ordinal === call.ordinal,
  );
  if (found === undefined) throw new Error(`call ${call.step}.${call.ordinal} of turn ${turn.mark} is not on record`);
  return found;
}

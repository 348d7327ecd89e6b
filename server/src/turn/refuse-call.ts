import { needsApproval } from "../approval/needs-approval.ts";
import { canonicalJson, sha256Hex } from "../canonical-json.ts";
import type { ToolCallRecord } from "../store/tool-call-record.ts";
import type { Tool } from "../tools/tool.ts";
import { denied, type Ending, failed, NOT_OFFERED } from "./tool-call-ending.ts";
import { callsOfTurn, type Turn } from "./turn.ts";

const MAX_CALLS_PER_TURN = 32;
const MAX_PENDING_PER_TURN = 8;
/** The same tool with the same input: more often than this in one turn is a loop. */
const MAX_SAME_CALLS = 3;

/** Why a call does not even get as far as the question; null when it does. */
export function refuseCall(call: ToolCallRecord, turn: Turn): Ending | null {
  if (call.inputError !== null) return failed(call.inputError);
  const tool = turn.tools.get(call.name);
  if (tool === undefined) return NOT_OFFERED;
  const unfit = unfitness(call, tool);
  if (unfit !== null) return unfit;
  const before = callsBefore(call, turn);
  if (before.length >= MAX_CALLS_PER_TURN)
    return failed(`This turn has used all its ${MAX_CALLS_PER_TURN} tool calls.`);
  const earlier = before.filter((other) => isSameCall(other, call));
  if (earlier.some((other) => other.state.status === "finished" && other.state.outcome === "denied")) {
    return denied(null);
  }
  if (earlier.length >= MAX_SAME_CALLS) return failed("The same call was made too often in this turn.");
  const isAsked = (other: ToolCallRecord): boolean => {
    const known = turn.tools.get(other.name);
    return other.state.status !== "finished" && known !== undefined && needsApproval(known, turn.remembered);
  };
  if (needsApproval(tool, turn.remembered) && before.filter(isAsked).length >= MAX_PENDING_PER_TURN) {
    return failed("Too many calls wait for approval.");
  }
  return null;
}

/** Calls of a step start at the same moment, so each counts those that were asked for before it, whatever their state. */
function callsBefore(call: ToolCallRecord, turn: Turn): ToolCallRecord[] {
  const calls = callsOfTurn(turn);
  return calls.slice(
    0,
    calls.findIndex((other) => other.toolUseId === call.toolUseId),
  );
}

/** Why the tool as it is now cannot run this call; null when it can. */
export function unfitness(call: ToolCallRecord, tool: Tool): Ending | null {
  if (call.fingerprint !== tool.fingerprint)
    return failed("The tool has changed since the conversation began; start a new one.");
  // What was shown is what runs: also when somebody has changed the database in between.
  if (sha256Hex(canonicalJson(call.input)) !== call.inputSha256)
    return failed("The stored input is not the one that was asked about; the call was not run.");
  const invalid = tool.checkInput(call.input);
  return invalid === null ? null : failed(`Invalid input: ${invalid}`);
}

function isSameCall(a: ToolCallRecord, b: ToolCallRecord): boolean {
  return a.name === b.name && a.inputSha256 === b.inputSha256;
}

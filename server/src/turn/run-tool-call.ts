import type { ToolChunkEvent, ToolInput } from "@chat-bot/widget/protocol";
import { mayBeRemembered, needsApproval } from "../approval/needs-approval.ts";
import { pendingRequest } from "../approval/pending-request.ts";
import { advanceToolCall, type ToolCallRecord } from "../store/tool-call-record.ts";
import { CallLost } from "../tools/call-lost.ts";
import type { Tool, ToolDelta } from "../tools/tool.ts";
import { DeltaOffsets } from "./delta-offsets.ts";
import { eventsOfTurn } from "./events-of-turn.ts";
import { refuseCall, unfitness } from "./refuse-call.ts";
import type { NewsOrQuiet } from "./side-by-side.ts";
import { isTokenGood } from "./token-time.ts";
import {
  denied,
  type Ending,
  EXPIRED,
  failed,
  finishedCall,
  NOT_AVAILABLE,
  NOT_OFFERED,
  SIGNED_OUT,
  UNKNOWN,
  WITHDRAWN,
} from "./tool-call-ending.ts";
import type { RecordEntry, Turn } from "./turn.ts";
import type { TurnServices } from "./turn-services.ts";

/** How often a call is tried whose connection breaks each time. */
const MAX_ATTEMPTS = 2;
/** Longer than a tool server is left alone after the first failure. */
const ASK_AGAIN_MS = 500;

/** What a call has of the step it belongs to. */
interface Step {
  record: RecordEntry;
  newsOrQuiet: NewsOrQuiet;
}

/**
 * Takes one call as far as it can go: to its outcome, or to the question for a person. While other calls of the step
 * run, an answer to it is acted on at once; when none does, the turn is parked with it.
 */
export async function runToolCall(call: ToolCallRecord, turn: Turn, services: TurnServices, step: Step): Promise<void> {
  const { state } = call;
  const { record } = step;
  switch (state.status) {
    case "proposed": {
      const tool = await findTool(call, turn, services);
      const refusal = refuseCall(call, turn);
      if (refusal !== null) return finish(call, refusal, services, record);
      if (tool === undefined) return finish(call, NOT_OFFERED, services, record);
      if (!needsApproval(tool, turn.remembered)) return dispatch(call, tool, 1, turn, services, record);
      return awaitDecision(await ask(call, tool, services, record), turn, services, step);
    }
    case "pending":
      return awaitDecision(call, turn, services, step);
    case "approved": {
      // Checked again: what was true when it was shown may have changed since.
      await turn.refresh(call.server);
      const tool = turn.tools.get(call.name);
      if (tool === undefined) return finish(call, NOT_AVAILABLE, services, record);
      const unfit = unfitness(call, tool);
      if (unfit !== null) return finish(call, unfit, services, record);
      return dispatch(call, tool, 1, turn, services, record);
    }
    case "denied":
      return finish(call, denied(call.approval?.decision?.reason ?? null), services, record);
    case "dispatched": {
      // Its owner died while it ran. Only what may run twice is run again.
      const tool = await findTool(call, turn, services);
      if (tool?.repeatable === true && unfitness(call, tool) === null) {
        return dispatch(call, tool, state.attempt + 1, turn, services, record);
      }
      return finish(call, UNKNOWN, services, record);
    }
    case "finished":
      return;
  }
}

/** After a crash tool servers are just being started: one that could not be listed yet is asked once more, a moment later. */
async function findTool(call: ToolCallRecord, turn: Turn, services: TurnServices): Promise<Tool | undefined> {
  if (call.fingerprint !== null && !turn.tools.has(call.name)) {
    await services.sleep(ASK_AGAIN_MS, turn.signal).catch(() => undefined);
    await turn.refresh(call.server);
  }
  return turn.tools.get(call.name);
}

async function awaitDecision(call: ToolCallRecord, turn: Turn, services: TurnServices, step: Step): Promise<void> {
  let current = call;
  while (current.state.status === "pending") {
    if (hasExpired(current, services)) return finish(current, EXPIRED, services, step.record);
    if (turn.isWithdrawn(current)) return finish(current, WITHDRAWN, services, step.record);
    if (turn.signal.aborted || !(await step.newsOrQuiet())) return;
    await turn.refresh();
    current = turn.toolCalls.find(({ toolUseId }) => toolUseId === call.toolUseId) ?? current;
  }
  return runToolCall(current, turn, services, step);
}

function hasExpired(call: ToolCallRecord, services: TurnServices): boolean {
  return call.approval !== null && Date.parse(call.approval.expiresAt) <= services.now();
}

/** The question is stored with the event that shows it. */
async function ask(
  call: ToolCallRecord,
  tool: Tool,
  services: TurnServices,
  record: RecordEntry,
): Promise<ToolCallRecord> {
  const expiresAt = new Date(services.now() + services.options.approvalTtlMs).toISOString();
  const pending: ToolCallRecord = {
    ...advanceToolCall(call, { status: "pending" }),
    approval: {
      description: tool.description,
      annotations: tool.annotations,
      remember: mayBeRemembered(tool) ? ["once", "conversation"] : ["once"],
      expiresAt,
      decision: null,
    },
  };
  await record({
    type: "commit",
    events: [pendingRequest(pending)],
    toolCalls: [{ from: call.state.status, call: pending }],
  });
  return pending;
}

/** Runs the tool. That it may have run is committed before it can. */
async function dispatch(
  call: ToolCallRecord,
  tool: Tool,
  attempt: number,
  turn: Turn,
  services: TurnServices,
  record: RecordEntry,
): Promise<void> {
  const startedMs = services.now();
  if (!isTokenGood(turn, services)) return finish(call, SIGNED_OUT, services, record);
  const dispatchedAt = new Date(startedMs).toISOString();
  const dispatched = advanceToolCall(call, { status: "dispatched", attempt, dispatchedAt });
  const filePath = tool.annotations.readOnlyHint === true ? null : inputPath(call.input);
  await record({
    type: "commit",
    events: [
      {
        type: "status_update",
        state: "tool_running",
        tool_use_id: call.toolUseId,
        ...(filePath === null ? {} : { file_path: filePath }),
      },
    ],
    toolCalls: [
      {
        from: call.state.status,
        call: dispatched,
        ...(call.state.status === "proposed" && needsApproval(tool, []) ? { clearance: "remembered" } : {}),
      },
    ],
  });
  if (turn.signal.aborted) return;
  const deltas = new DeltaOffsets(call.toolUseId, attempt === 1 ? [] : await toldChunks(call, turn, services));
  const ending = await runTool(tool, call, turn, async (delta) => {
    const event = deltas.next(delta);
    if (event !== null) await record({ type: "delta", event });
  });
  // After an abort the turn's end decides the outcome: a late answer is not taken for it.
  if (ending === null) return;
  // Its connection broke, and what may run twice is tried once more.
  if (ending === UNKNOWN && tool.repeatable && attempt < MAX_ATTEMPTS) {
    return dispatch(dispatched, tool, attempt + 1, turn, services, record);
  }
  await finish(dispatched, ending, services, record, services.now() - startedMs);
}

/** What readers have been told of a call's output by runs that a crash ended. */
async function toldChunks(call: ToolCallRecord, turn: Turn, services: TurnServices): Promise<ToolChunkEvent[]> {
  const chunks: ToolChunkEvent[] = [];
  for await (const { type, data } of eventsOfTurn(turn, services.store)) {
    if (type !== "tool_chunk") continue;
    const event: ToolChunkEvent = JSON.parse(data);
    if (event.tool_use_id === call.toolUseId) chunks.push(event);
  }
  return chunks;
}

/** null: the turn was aborted meanwhile. A tool that throws is a failed call, not a failed turn. */
async function runTool(
  tool: Tool,
  call: ToolCallRecord,
  turn: Turn,
  onDelta: (delta: ToolDelta) => Promise<void>,
): Promise<Ending | null> {
  const { signal } = turn;
  const context = {
    signal,
    toolUseId: call.toolUseId,
    idempotencyKey: `${call.conversationId}/${call.toolUseId}`,
    owner: turn.record.identity.owner,
    onDelta,
  };
  try {
    const output = await Promise.race([tool.run(call.input, context), aborted(signal)]);
    return signal.aborted ? null : { outcome: output.isError ? "error" : "ok", output };
  } catch (error) {
    if (signal.aborted) return null;
    return error instanceof CallLost ? UNKNOWN : failed("The tool broke off; it may or may not have taken effect.");
  }
}

/** Rejects when the signal is aborted: the turn does not wait for a tool that ignores it. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}

async function finish(
  call: ToolCallRecord,
  ending: Ending,
  services: TurnServices,
  record: RecordEntry,
  durationMs = 0,
): Promise<void> {
  const finished = finishedCall(call, ending, services.now(), durationMs);
  await record({
    type: "commit",
    events: [finished.event],
    toolCalls: [{ from: call.state.status, call: finished.call }],
  });
  // A name that was not offered is the model's own words.
  const tool = call.fingerprint === null ? null : call.name;
  services.observer.toolCallEnded({ tool, outcome: ending.outcome, durationMs });
}

/** What a file tool is about to write, for the status line. */
function inputPath(input: ToolInput): string | null {
  const path = input["path"];
  return typeof path === "string" && path.length <= 512 ? path : null;
}

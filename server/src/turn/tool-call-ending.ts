import type { ServerEvent, ToolOutcome } from "@chat-bot/widget/protocol";
import { advanceToolCall, type ToolCallRecord, type ToolCallState } from "../store/tool-call-record.ts";
import type { ToolOutput } from "../tools/tool.ts";
import { errorOutput, forBrowser, forModel } from "../tools/tool-result.ts";

/** An outcome with the words that the model and the person get to read. */
export interface Ending {
  outcome: ToolOutcome;
  output: ToolOutput;
}

/** The model named a tool that it was not given, or that this user may not run. */
export const NOT_OFFERED: Ending = failed("There is no such tool for this user.");
/** The tool was there when it was asked for, and is not now. */
export const NOT_AVAILABLE: Ending = failed("The tool is not available at the moment; the call was not run.");

/** The token of the request that caused the call has expired. */
export const SIGNED_OUT: Ending = failed("The user's sign-in has expired; the call was not run.");
const MAY_HAVE_RUN = "It was already running and may have had an effect.";

const ABANDONED = {
  cancelled: { text: "The user stopped the turn." },
  superseded: { text: "The user wrote a new message instead of deciding; the call was not approved." },
  expired: { text: "Nobody decided in time; the call was not approved." },
} as const;

/** Nobody decided in time. */
export const EXPIRED: Ending = { outcome: "expired", output: errorOutput(ABANDONED.expired.text) };

/** The call may have run: nobody can tell any more. */
export const UNKNOWN: Ending = {
  outcome: "unknown",
  output: errorOutput(
    "The connection to this tool was lost while it ran. It may or may not have taken effect; check before trying again.",
  ),
};

/** The tool is gone, or not what it was when somebody was asked about it: the question is withdrawn. */
export const WITHDRAWN: Ending = {
  outcome: "cancelled",
  output: errorOutput(
    "The tool has changed or is gone since its user was asked about this call; the call was not run.",
  ),
};

/** A failure in words. */
export function failed(text: string): Ending {
  return { outcome: "error", output: errorOutput(text) };
}

/** A person said no. */
export function denied(reason: string | null): Ending {
  const because = reason === null ? "" : ` Their reason: ${reason}`;
  return { outcome: "denied", output: errorOutput(`The user denied this call; do not try it again.${because}`) };
}

/** Gives a call that has no outcome yet the one that its turn's end leaves it. */
export function abandonedCall(
  call: ToolCallRecord,
  outcome: Extract<ToolOutcome, "cancelled" | "superseded" | "expired">,
  now: number,
): { call: ToolCallRecord; event: ServerEvent } {
  const mayHaveRun = call.state.status === "dispatched";
  const ending = mayHaveRun
    ? { ...ABANDONED[outcome], text: `${ABANDONED[outcome].text} ${MAY_HAVE_RUN}` }
    : ABANDONED[outcome];
  return finishedCall(call, { outcome, output: errorOutput(ending.text) }, now);
}

/** The call with its outcome, and the event that tells it. Durations are in milliseconds. */
export function finishedCall(
  call: ToolCallRecord,
  ending: Ending,
  nowMs: number,
  durationMs = 0,
): { call: ToolCallRecord; event: ServerEvent } {
  const { outcome, output } = ending;
  const shown = forBrowser(output);
  const state: ToolCallState = {
    status: "finished",
    outcome,
    content: shown.content,
    structuredContent: shown.structuredContent ?? null,
    forModel: forModel(output),
    durationMs,
    truncated: shown.truncated,
    finishedAt: new Date(nowMs).toISOString(),
  };
  return {
    call: advanceToolCall(call, state),
    event: {
      type: "tool_result",
      tool_use_id: call.toolUseId,
      name: call.name,
      outcome,
      content: shown.content,
      ...(shown.structuredContent === undefined ? {} : { structured_content: shown.structuredContent }),
      duration_ms: durationMs,
      ...(shown.truncated ? { truncated: true } : {}),
    },
  };
}

// Tests tell the scripted Claude exactly what to do by a user message that starts with `script:`, followed by one step
// or a list of steps as JSON. Each model call of the turn takes the next step; it is found by counting the rounds of tool
// results since that message, so a repeated call gets the same step again. Behind the last step the answer is
// "The script has ended."
//
//     script:{"text": "Hello world", "chunks": 5}
//     script:[{"tool_use": [{"name": "members__member_list", "input": {}}]}, {"text": "Done."}]
//     script:[{"text": "abc ", "repeat": 1000, "fault": "eof", "after_bytes": 2000, "times": 1}]
//
// A step may say
//   text          what is written; `repeat` writes it n times over
//   thinking      a thinking block before it; it has to come back unchanged
//   tool_use      calls, in order: {name, input} or {name, json} for input that is streamed as it stands, valid or not;
//                 `id` fixes the id; `lines` puts so many numbered lines into the input as `content`
//   chunks        pieces that each block is cut into            delay_ms   pause after each piece
//   stop_reason   "refusal", or "pause_turn": the next step follows when the caller sends the message back; a step with
//                 calls cannot follow it, since the two then look like one
//   fault         instead of the answer: overloaded, rate_limited, server_error, unauthorized, billing, rejected, too_long,
//                 not_sse (200 with a page); in its middle: error_event, eof (clean end without message_stop), stall (silence on
//                 an open connection), reset, truncated_tool_json (the call's block is closed halfway through its JSON)
//   after_bytes   content that is sent before a fault in the middle; half of it by default
//   times         the fault heals after so many requests with the same messages
//   retry_after   seconds, for rate_limited and overloaded

import { z } from "zod";
import { numberedLines } from "./numbered-lines.ts";
import { FAULT_KINDS, type Reply, type ReplyBlock } from "./reply.ts";

const PREFIX = "script:";

const call = z.strictObject({
  name: z.string(),
  input: z.record(z.string(), z.unknown()).optional(),
  json: z.string().optional(),
  id: z.string().optional(),
  lines: z.int().min(1).max(100_000).optional(),
});

const step = z.strictObject({
  text: z.string().optional(),
  repeat: z.int().min(1).max(1_000_000).default(1),
  thinking: z.string().optional(),
  tool_use: z.array(call).default([]),
  chunks: z.int().min(1).optional(),
  delay_ms: z.number().min(0).optional(),
  stop_reason: z.enum(["refusal", "pause_turn"]).optional(),
  fault: z.enum(FAULT_KINDS).optional(),
  after_bytes: z.int().min(0).optional(),
  times: z.int().min(1).optional(),
  retry_after: z.number().min(0).optional(),
});

const script = z.union([z.array(step), step.transform((only) => [only])]);

/** The reply that a `script:` message asks for at this step of the turn; null for any other message. */
export function runTestScript(userText: string, stepIndex: number): Reply | null {
  if (!userText.startsWith(PREFIX)) return null;
  const parsed = script.safeParse(parseJson(userText.slice(PREFIX.length)));
  if (!parsed.success) return say(`The script is not valid: ${z.prettifyError(parsed.error)}`);
  const current = parsed.data[stepIndex];
  return current === undefined ? say("The script has ended.") : replyOf(current);
}

function replyOf(current: z.infer<typeof step>): Reply {
  const blocks: ReplyBlock[] = [];
  if (current.thinking !== undefined) blocks.push({ type: "thinking", thinking: current.thinking });
  if (current.text !== undefined) blocks.push({ type: "text", text: current.text.repeat(current.repeat) });
  for (const { name, id, json, input = {}, lines } of current.tool_use) {
    const complete = lines === undefined ? input : { ...input, content: numberedLines(lines) };
    blocks.push({ type: "tool_use", id, name, json: json ?? JSON.stringify(complete) });
  }
  const isBare = current.text === undefined && current.tool_use.length === 0 && current.stop_reason === undefined;
  if (isBare && current.fault !== undefined)
    blocks.push({ type: "text", text: "This is what comes after the fault has healed." });
  return {
    blocks,
    stopReason: current.stop_reason,
    pieces: current.chunks,
    delayMs: current.delay_ms,
    fault:
      current.fault === undefined
        ? undefined
        : {
            kind: current.fault,
            afterBytes: current.after_bytes,
            times: current.times,
            retryAfterSeconds: current.retry_after,
          },
  };
}

function say(text: string): Reply {
  return { blocks: [{ type: "text", text }] };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

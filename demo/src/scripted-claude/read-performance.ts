import { markdownSample } from "./markdown-sample.ts";
import { numberedLines } from "./numbered-lines.ts";
import type { Fault, Reply } from "./reply.ts";

const FAULTS: readonly [RegExp, Fault][] = [
  [/^(?:fail|falhe)\b.*\b(?:overload|sobrecarga)|^overloaded?\b/i, { kind: "overloaded" }],
  [/^(?:(?:fail|falhe)\b.*\b)?rate.?limit/i, { kind: "rate_limited", retryAfterSeconds: 1 }],
  [/^(?:fail|falhe)\b.*\b(?:billing|credit)/i, { kind: "billing" }],
  [/^(?:fail|falhe)\b.*\b(?:key|unauthorized|chave)/i, { kind: "unauthorized" }],
  [
    /^(?:(?:fail|falhe)\b.*\b)?(?:server error|erro do servidor)|^(?:fail|falhe|error|erro)\b/i,
    { kind: "server_error" },
  ],
  [/^(?:break|quebre)\b.*\bstream\b/i, { kind: "error_event" }],
  [/^(?:cut|corte)\b.*\bstream\b/i, { kind: "eof" }],
  [/^(?:reset)\b.*\b(?:stream|connection)\b/i, { kind: "reset" }],
  [/^(?:stall|hang|trave)\b/i, { kind: "stall" }],
];

/** An answer that needs no tool and shows what the page makes of it; null when the user asks for something else. */
export function readPerformance(text: string): Reply | null {
  const fault = FAULTS.find(([pattern]) => pattern.test(text))?.[1];
  if (fault !== undefined)
    return { blocks: [{ type: "text", text: FAULT_TEXT }], fault: { ...fault, times: times(text) } };
  if (/^(?:(?:show|give|answer|mostre|responda)\b.{0,40})?\bmarkdown\b/i.test(text))
    return { blocks: [{ type: "text", text: markdownSample }] };
  if (/^(?:say a lot|fale muito)\b/i.test(text)) return { blocks: [{ type: "text", text: numberedLines(20_000) }] };
  if (/^(?:refuse|recuse)\b/i.test(text)) {
    return { blocks: [{ type: "text", text: "I cannot help with" }], stopReason: "refusal" };
  }
  return null;
}

const FAULT_TEXT =
  "This answer is made to break: a real model sometimes stops in the middle of a sentence, and then it is good to see " +
  "what the page makes of it. If you can read this to its end, the fault has healed.";

/** “once” and “twice”: the fault heals after that. */
function times(text: string): number | undefined {
  if (/\b(?:once|uma vez)\b/i.test(text)) return 1;
  return /\b(?:twice|duas vezes)\b/i.test(text) ? 2 : undefined;
}

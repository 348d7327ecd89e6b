import type { Logger } from "../observe/logger.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { TurnObserver } from "./turn-services.ts";

/** Counts and logs what turns do. */
export function observeTurns(logger: Logger, metrics: Metrics): TurnObserver {
  return {
    turnEnded({ reason, durationMs }) {
      metrics.turns.inc({ reason });
      metrics.turnSeconds.observe(durationMs / 1000);
      logger.info({ reason, duration_ms: durationMs }, "turn ended");
    },
    stepEnded(usage) {
      metrics.tokens.inc({ kind: "input" }, usage.input_tokens);
      metrics.tokens.inc({ kind: "output" }, usage.output_tokens);
      metrics.tokens.inc({ kind: "cache_read" }, usage.cache_read_input_tokens);
      metrics.tokens.inc({ kind: "cache_creation" }, usage.cache_creation_input_tokens);
    },
    toolCallEnded({ tool, outcome, durationMs }) {
      metrics.toolCalls.inc({ outcome });
      logger.info({ tool, outcome, duration_ms: durationMs }, "tool call ended");
    },
    providerRepeated(code) {
      metrics.providerRepeats.inc({ code });
      logger.warn({ code }, "model call is repeated");
    },
    failed(what, error) {
      metrics.faults.inc({ where: what });
      logger.warn({ where: what, error }, "fault");
    },
  };
}

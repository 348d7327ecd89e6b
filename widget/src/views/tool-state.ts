/** Where a tool call stands, as an icon and in words. */
import { html, type TemplateResult } from "lit";
import type { ToolCall } from "../conversation/conversation.ts";
import type { ToolOutcome } from "../protocol/index.ts";
import type { Strings } from "../strings.ts";
import { icons } from "./icons.ts";

const OUTCOME_ICONS: Record<ToolOutcome, TemplateResult> = {
  ok: icons.check,
  error: icons.warning,
  denied: icons.cross,
  expired: icons.clock,
  superseded: icons.minus,
  cancelled: icons.minus,
  unknown: icons.question,
};

/** A class for the colour of the icon. */
export function stateClass({ state }: ToolCall): string {
  return state.status === "finished" ? `is-${state.outcome}` : `is-${state.status}`;
}

/** The outcome, or what is being done. */
export function stateIcon({ state }: ToolCall): TemplateResult {
  switch (state.status) {
    case "preparing":
    case "running":
      return html`<span class="spinner"></span>`;
    case "awaiting_approval":
      return icons.shield;
    case "finished":
      return OUTCOME_ICONS[state.outcome];
  }
}

/** The same in words, with how long it took. */
export function stateText({ state }: ToolCall, strings: Strings): string {
  switch (state.status) {
    case "preparing":
      return strings.toolPreparing;
    case "running":
      return strings.toolRunning;
    case "awaiting_approval":
      return strings.toolAwaitingApproval;
    case "finished": {
      const outcome = strings.toolOutcome[state.outcome];
      const hasRun = state.outcome === "ok" || state.outcome === "error";
      return hasRun && state.durationMs !== null ? `${outcome} · ${strings.toolDuration(state.durationMs)}` : outcome;
    }
  }
}

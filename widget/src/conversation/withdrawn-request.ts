import type { ToolCall } from "./conversation.ts";

/**
 * Why a request that nobody answered in this window is no longer pending: it was decided in another one, or ran out.
 * Null where the person knows it already, as when they stopped the answer.
 */
export function whyWithdrawn(call: ToolCall | null): "approved" | "denied" | "expired" | null {
  if (call === null) return null;
  switch (call.state.status) {
    case "running":
      return "approved";
    case "preparing":
    case "awaiting_approval":
      return null;
    case "finished":
      switch (call.state.outcome) {
        case "ok":
        case "error":
        case "unknown":
          return "approved";
        case "denied":
        case "expired":
          return call.state.outcome;
        case "superseded":
        case "cancelled":
          return null;
      }
  }
}

import type { ToolRequestEvent } from "@chat-bot/widget/protocol";
import type { ToolCallRecord } from "../store/tool-call-record.ts";

/** The question as it is shown, from the ledger. @throws Error for a call that nobody was asked about. */
export function pendingRequest(call: ToolCallRecord): ToolRequestEvent {
  if (call.approval === null) throw new Error("nobody was asked about this call");
  const { description, annotations, expiresAt, remember } = call.approval;
  return {
    type: "tool_request",
    tool_use_id: call.toolUseId,
    name: call.name,
    title: call.title,
    description,
    input: call.input,
    input_sha256: call.inputSha256,
    annotations,
    expires_at: expiresAt,
    remember: [...remember],
  };
}

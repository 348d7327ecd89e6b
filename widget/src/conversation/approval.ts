/** What a decision does to the conversation before the server has told of it. */
import type { ToolRequestEvent } from "../protocol/index.ts";
import type { Activity, Conversation } from "./conversation.ts";

/** The question is answered as far as the person is concerned. */
export function withDecision(conversation: Conversation, request: ToolRequestEvent, approved: boolean): Conversation {
  const pendingApprovals = conversation.pendingApprovals.filter((pending) => pending !== request);
  const next: Activity = approved
    ? { type: "tool_running", toolUseId: request.tool_use_id, filePath: null }
    : { type: "typing" };
  return { ...conversation, pendingApprovals, activity: pendingApprovals.length > 0 ? conversation.activity : next };
}

/** The answer did not get through: the question stands again, unless it has come back by itself. */
export function withQuestion(conversation: Conversation, request: ToolRequestEvent): Conversation {
  const { pendingApprovals } = conversation;
  if (pendingApprovals.some((pending) => pending.tool_use_id === request.tool_use_id)) return conversation;
  return { ...conversation, pendingApprovals: [request, ...pendingApprovals], activity: { type: "awaiting_approval" } };
}

import type { ApprovalResponse } from "../protocol/index.ts";
import { type Guard, hasShape, isOneOf, isString } from "./shape.ts";

/** Answer of `POST /approval`. */
export const isApprovalResponse: Guard<ApprovalResponse> = hasShape<ApprovalResponse>({
  tool_use_id: isString,
  decision: isOneOf("approved", "denied"),
  decided_at: isString,
});

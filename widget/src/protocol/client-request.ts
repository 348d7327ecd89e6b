import type { RememberScope } from "./content-block.ts";

/** What the page shows, given to the model as untrusted context; at most 4 KB. */
export interface PageContext {
  url?: string;
  title?: string;
  selection?: string;
}

/** Body of `POST /message`. `message` has 1 to 10,000 characters after trimming. */
export interface MessageRequest {
  message: string;
  conversation_id?: string;
  page?: PageContext;
}

/** Body of `POST /approval`. */
export interface ApprovalRequest {
  conversation_id: string;
  tool_use_id: string;
  approved: boolean;
  /** Hash of the input the person saw: an approval of anything else is refused. */
  input_sha256?: string;
  /** Told to the model with a denial. */
  reason?: string;
  remember?: RememberScope;
}

/** Body of `POST /cancel`. */
export interface CancelRequest {
  conversation_id: string;
}

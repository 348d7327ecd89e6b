import type { ApprovalRequest, CancelRequest, MessageRequest } from "@chat-bot/widget/protocol";
import { z } from "zod";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** The schema itself; compiles only while it describes exactly the type that the wire contract has. */
function proven<Type>() {
  return <Schema extends z.ZodType<Type>>(
    schema: Same<z.output<Schema>, Type> extends true ? Schema : never,
  ): z.ZodType<Type> => schema;
}

const MAX_MESSAGE_CHARACTERS = 10_000;
const MAX_PAGE_BYTES = 4096;

/** Ids that this server makes: anything else does not exist. */
export const ID_PATTERN: RegExp = /^[A-Za-z0-9_-]{1,128}$/;

const id = z.string().regex(ID_PATTERN);

const page = z
  .strictObject({
    url: z.string().exactOptional(),
    title: z.string().exactOptional(),
    selection: z.string().exactOptional(),
  })
  .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= MAX_PAGE_BYTES, {
    error: `Must have at most ${MAX_PAGE_BYTES} bytes in all.`,
  });

/** Counted as people count, not in UTF-16 code units: an emoji is one character. */
const message = z
  .string()
  .trim()
  .min(1)
  .refine((text) => text.length <= MAX_MESSAGE_CHARACTERS || Array.from(text).length <= MAX_MESSAGE_CHARACTERS, {
    error: `Must have at most ${MAX_MESSAGE_CHARACTERS} characters.`,
  });

/** Body of `POST /message`. */
export const messageRequestSchema: z.ZodType<MessageRequest> = proven<MessageRequest>()(
  z.strictObject({
    message,
    conversation_id: id.exactOptional(),
    page: page.exactOptional(),
  }),
);

/** Body of `POST /approval`. */
export const approvalRequestSchema: z.ZodType<ApprovalRequest> = proven<ApprovalRequest>()(
  z.strictObject({
    conversation_id: id,
    tool_use_id: id,
    approved: z.boolean(),
    input_sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .exactOptional(),
    reason: z.string().trim().max(1000).exactOptional(),
    remember: z.enum(["once", "conversation"]).exactOptional(),
  }),
);

/** Body of `POST /cancel`. */
export const cancelRequestSchema: z.ZodType<CancelRequest> = proven<CancelRequest>()(
  z.strictObject({ conversation_id: id }),
);

/** Query of `GET /conversations`. */
export interface ListQuery {
  limit: number;
  cursor?: string;
}

/** 20 conversations at a time unless told; 1 to 100. */
export const listQuerySchema: z.ZodType<ListQuery> = z.strictObject({
  limit: z
    .string()
    .regex(/^\d{1,3}$/)
    .default("20")
    .transform(Number)
    .pipe(z.number().min(1).max(100)),
  cursor: z.string().min(1).max(500).exactOptional(),
});

/** Query of `GET /conversations/:id/events`. */
export interface EventsQuery {
  after?: string;
}

/** An id is checked against the log later: an unknown one is answered with a snapshot. */
export const eventsQuerySchema: z.ZodType<EventsQuery> = z.strictObject({ after: z.string().max(100).exactOptional() });

/** Header `Idempotency-Key`. */
export const idempotencyKeySchema: z.ZodType<string> = z.string().regex(/^[\x21-\x7e]{1,255}$/);

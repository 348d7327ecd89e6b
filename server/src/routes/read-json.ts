import type { IncomingMessage } from "node:http";
import type { Context } from "koa";
import { ChatError } from "../errors.ts";
import { parseJsonStrictly } from "../parse-json-strictly.ts";

const MAX_BYTES = 64 * 1024;
/** What a proxy with its defaults lets through (nginx: 1 MB): so much of a body that is too long is read and forgotten. */
const MAX_DISCARDED_BYTES = 1024 * 1024;
const MAX_DEPTH = 32;
const MAX_KEYS = 200;
const JSON_TYPE = /^application\/json\s*(;\s*charset\s*=\s*("utf-8"|utf-8)\s*)?$/i;

/**
 * The JSON value in a request's body. Strict on purpose: forms and text/plain would be simple cross-site requests,
 * and what names a member twice would mean one thing to a gateway and another to us. How long a body may take is the
 * HTTP server's `requestTimeout`.
 * @throws ChatError `unsupported_media_type`, `payload_too_large`, `invalid_json`, `invalid_payload`
 */
export async function readJson(ctx: Context): Promise<unknown> {
  if (!JSON_TYPE.test(ctx.get("Content-Type"))) throw new ChatError("unsupported_media_type");
  if (ctx.get("Content-Encoding") !== "") throw new ChatError("unsupported_media_type");
  if (Number(ctx.get("Content-Length")) > MAX_DISCARDED_BYTES) throw new ChatError("payload_too_large");
  const value = parse(await readBytes(ctx.req));
  checkShape(value);
  return value;
}

/**
 * The body, or a refusal. A body that is too long is read to its end first: whoever closes a connection with bytes that
 * nobody has read resets it, and a proxy that is still sending would not see our answer. By events and not with `for await`,
 * which would destroy the connection that the refusal is sent on.
 */
function readBytes(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BYTES) chunks.push(chunk);
      else chunks.length = 0;
      if (size > MAX_DISCARDED_BYTES) reject(new ChatError("payload_too_large"));
    });
    request.once("end", () => {
      if (size > MAX_BYTES) reject(new ChatError("payload_too_large"));
      else resolve(Buffer.concat(chunks));
    });
    request.once("close", () => reject(new ChatError("invalid_json")));
    request.once("error", (cause) => reject(new ChatError("invalid_json", { cause })));
  });
}

function parse(bytes: Buffer): unknown {
  try {
    return parseJsonStrictly(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new ChatError("invalid_json", { cause: error });
  }
}

/**
 * Bounds what later stages have to walk through. Half surrogates are refused too: they have no UTF-8, so that what is
 * stored would not be what was sent.
 * @throws ChatError `invalid_payload`
 */
function checkShape(root: unknown): void {
  let keys = 0;
  const open: { value: unknown; depth: number }[] = [{ value: root, depth: 1 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next;
    if (typeof value === "string" && !value.isWellFormed()) throw badShape("Text must be well-formed Unicode.");
    if (typeof value !== "object" || value === null) continue;
    const members = Object.entries(value);
    keys += members.length;
    if (depth > MAX_DEPTH || keys > MAX_KEYS) throw badShape(`At most ${MAX_DEPTH} levels and ${MAX_KEYS} members.`);
    for (const [, member] of members) open.push({ value: member, depth: depth + 1 });
  }
}

function badShape(message: string): ChatError {
  return new ChatError("invalid_payload", { details: { issues: [{ path: "", message }] } });
}

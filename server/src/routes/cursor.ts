import { ChatError } from "../errors.ts";
import { ID_PATTERN } from "./request-schemas.ts";

/** The last entry of a page: the next one goes on behind it. */
export interface Cursor {
  updatedAt: string;
  id: string;
}

/** A cursor as it travels: opaque to readers. */
export function encodeCursor({ updatedAt, id }: Cursor): string {
  return Buffer.from(JSON.stringify([updatedAt, id])).toString("base64url");
}

/** @throws ChatError `invalid_payload` for what is no cursor of ours. */
export function decodeCursor(text: string): Cursor {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    if (Array.isArray(parts) && parts.length === 2) {
      const [updatedAt, id]: unknown[] = parts;
      const isTime = typeof updatedAt === "string" && !Number.isNaN(Date.parse(updatedAt));
      if (isTime && typeof id === "string" && ID_PATTERN.test(id)) return { updatedAt, id };
    }
  } catch {
    // Refused below, like any other text.
  }
  throw new ChatError("invalid_payload", { details: { issues: [{ path: "cursor", message: "Not a cursor." }] } });
}

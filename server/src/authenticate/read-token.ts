import { z } from "zod";
import { parseJsonStrictly } from "../parse-json-strictly.ts";

const MAX_BYTES = 8192;
const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** The protected header, as far as it matters here. */
interface TokenHeader {
  alg: string;
  kid?: string | undefined;
}

/** The payload of a token as its issuer should have written it. Nothing is proven by its shape. */
export interface Claims {
  iss: string;
  aud: string | string[];
  sub: string;
  /** Seconds since the epoch, as are `iat` and `nbf`. */
  exp: number;
  iat: number;
  nbf?: number | undefined;
  org?: string | undefined;
  roles?: string[] | undefined;
  permissions?: string[] | undefined;
  scope?: string | undefined;
  jti?: string | undefined;
  name?: string | undefined;
  locale?: string | undefined;
}

/** A token taken apart: well-formed, not verified. */
export interface UnverifiedToken {
  header: TokenHeader;
  claims: Claims;
}

/** One line, nothing that steers a terminal or a log, no half surrogates: stored, two of them would be one name. */
const lineSchema = z
  .string()
  .max(255)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u);
const nameSchema = lineSchema.min(1);
/** Stars are for the server's configuration: a token names what it permits. */
const permissionSchema = nameSchema.regex(/^[^*]*$/);

// Embedded keys and pointers to keys are an attacker's; `crit` and `b64` change what a signature means.
const notAllowed = z.never().optional();
const headerSchema: z.ZodType<TokenHeader> = z.object({
  alg: z.string(),
  kid: nameSchema.optional(),
  typ: z
    .string()
    .regex(/^(?:at\+)?jwt$/i)
    .optional(),
  jwk: notAllowed,
  jku: notAllowed,
  x5u: notAllowed,
  x5c: notAllowed,
  crit: notAllowed,
  b64: notAllowed,
});

const claimsSchema: z.ZodType<Claims> = z.object({
  iss: nameSchema,
  aud: z.union([nameSchema, z.array(nameSchema).min(1)]),
  sub: nameSchema,
  exp: z.number(),
  iat: z.number(),
  nbf: z.number().optional(),
  org: nameSchema.optional(),
  roles: z.array(nameSchema).optional(),
  permissions: z.array(permissionSchema).optional(),
  scope: z
    .string()
    .regex(/^[^*\p{Cc}\p{Cs}]*$/u)
    .optional(),
  jti: nameSchema.optional(),
  name: lineSchema.optional(),
  locale: lineSchema.optional(),
});

/** Takes a signed JWT in compact form apart; null when anything about it is not as it must be. */
export function readToken(token: string): UnverifiedToken | null {
  if (Buffer.byteLength(token) > MAX_BYTES) return null;
  const [header = "", payload = "", signature = "", ...rest] = token.split(".");
  if (rest.length > 0 || !isCanonicalBase64url(signature)) return null;
  const parsedHeader = headerSchema.safeParse(readPart(header));
  const parsedClaims = claimsSchema.safeParse(readPart(payload));
  if (!parsedHeader.success || !parsedClaims.success) return null;
  return { header: parsedHeader.data, claims: parsedClaims.data };
}

/** The JSON of one part; undefined when it is not exactly one JSON text in UTF-8. */
function readPart(part: string): unknown {
  if (!isCanonicalBase64url(part)) return undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.from(part, "base64url"));
    return parseJsonStrictly(text);
  } catch {
    return undefined;
  }
}

/** There must be one spelling of a token only: no padding, no foreign characters, no bits left over. */
function isCanonicalBase64url(part: string): boolean {
  return BASE64URL.test(part) && Buffer.from(part, "base64url").toString("base64url") === part;
}

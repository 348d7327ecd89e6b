import type { IncomingMessage } from "node:http";
import type { Middleware } from "koa";
import { ChatError } from "../errors.ts";
import { holdsPermission } from "../permission.ts";
import type { Identity } from "../store/identity.ts";
import type { TokenIssuer } from "./token-issuer.ts";
import type { TokenVerifier } from "./verify-token.ts";

/** What everybody who uses the chatbot must hold. */
const REQUIRED_PERMISSION = "chatbot:use";

/** What authentication needs. */
export interface AuthenticateOptions {
  verifyToken: TokenVerifier;
  /** Whose tokens they are, and from which pages they may come. */
  issuers: readonly Pick<TokenIssuer, "issuer" | "origins">[];
}

/** Who is asking, and may they chat? Puts the identity into the request's state, or refuses. */
export function authenticate(options: AuthenticateOptions): Middleware<{ identity: Identity }> {
  const { verifyToken } = options;
  const originsByIssuer = new Map(options.issuers.map(({ issuer, origins }) => [issuer, new Set(origins)]));
  return async function authenticateRequest(ctx, next) {
    const identity = await verifyToken(bearerToken(ctx.req));
    const origin = ctx.get("Origin");
    const origins = originsByIssuer.get(identity.owner.issuer);
    if (origin !== "" && origins?.has(origin) !== true && origins?.has("*") !== true) {
      throw new ChatError("origin_not_allowed");
    }
    if (!holdsPermission(identity.permissions, REQUIRED_PERMISSION)) {
      throw new ChatError("forbidden", { details: { permission: REQUIRED_PERMISSION } });
    }
    ctx.state.identity = identity;
    await next();
  };
}

/** The token of the one `Authorization` header. URLs end up in logs and cookies are sent unasked: neither is read. */
function bearerToken(request: IncomingMessage): string {
  const [header = "", ...others] = request.headersDistinct["authorization"] ?? [];
  const token = /^Bearer +(?<token>[^\s,]+)$/i.exec(header)?.groups?.["token"];
  if (token === undefined || others.length > 0) throw new ChatError("invalid_token");
  return token;
}

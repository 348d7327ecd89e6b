import { randomUUID } from "node:crypto";
import type { ErrorBody } from "@chat-bot/widget/protocol";
import type { Context, Middleware } from "koa";
import { ChatError } from "../errors.ts";
import type { Locale } from "../store/turn-record.ts";
import { errorMessage, pickLocale } from "./error-messages.ts";

/** Hears of what nobody foresaw. */
export interface ErrorBoundaryOptions {
  onUnexpected(error: unknown, requestId: string): void;
}

/** What every stage may rely on. */
export interface RequestState {
  requestId: string;
  locale: Locale;
}

/** Outermost stage: names the request, and turns whatever was thrown into an answer that shows nothing of itself. */
export function errorBoundary(options: ErrorBoundaryOptions): Middleware<RequestState> {
  return async function catchErrors(ctx, next) {
    ctx.state.requestId = requestId(ctx.get("X-Request-Id"));
    ctx.state.locale = pickLocale(ctx.get("Accept-Language"));
    ctx.set("X-Request-Id", ctx.state.requestId);
    try {
      await next();
      // Nobody felt responsible: no stage answered, none took over the connection.
      if (ctx.status === 404 && ctx.body === undefined && ctx.respond !== false) throw new ChatError("not_found");
    } catch (error) {
      const refusal = error instanceof ChatError ? error : new ChatError("internal", { cause: error });
      if (refusal.code === "internal" || refusal.code === "store_unavailable")
        options.onUnexpected(error, ctx.state.requestId);
      // After the first byte of a stream there is no answer to give any more.
      if (ctx.headerSent) ctx.res.destroy();
      else answer(ctx, refusal, ctx.state);
    }
  };
}

function answer(ctx: Context, refusal: ChatError, state: RequestState): void {
  const { code, details, retryAfterSeconds } = refusal;
  const body: ErrorBody = {
    error: code,
    // Times are told as data: whoever shows them knows the person's clock.
    message: errorMessage(code, state.locale),
    request_id: state.requestId,
    ...details,
  };
  ctx.status = refusal.status;
  ctx.body = body;
  if (retryAfterSeconds !== undefined) ctx.set("Retry-After", String(retryAfterSeconds));
  if (refusal.status === 401) {
    const expired = code === "token_expired" ? ', error_description="The token has expired"' : "";
    // RFC 6750, section 3.
    ctx.set("WWW-Authenticate", `Bearer realm="chatbot", error="invalid_token"${expired}`);
  }
}

/** A proxy's id is kept when it is one that can go into a log line. */
function requestId(header: string): string {
  return /^[A-Za-z0-9._-]{1,64}$/.test(header) ? header : randomUUID();
}

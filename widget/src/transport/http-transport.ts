import type { ApprovalRequest, ApprovalResponse, ConversationSnapshot } from "../protocol/index.ts";
import { isApprovalResponse } from "./api-guards.ts";
import type { ChatTransport, ReceivedEvent, SendOptions } from "./chat-transport.ts";
import { nullPrototype } from "./null-prototype.ts";
import { parseSnapshot } from "./parse-server-event.ts";
import { readErrorBody } from "./read-error-body.ts";
import { readEvents } from "./read-events.ts";
import { userOf } from "./token-claims.ts";
import type { TokenSource } from "./token-source.ts";
import { TransportError } from "./transport-error.ts";

/** Where the server is, and who is asking. */
export interface HttpTransportOptions {
  /** Includes `/api/chatbot`; relative to the page, or absolute. */
  endpoint: string;
  tokens: TokenSource;
  /** Sent as `Accept-Language`. */
  language: () => string;
  fetch?: typeof fetch;
  /** How long a request may take to be answered; a stream, until it begins. */
  answerTimeoutMs?: number;
  /** How long a stream may be silent. */
  maxSilenceMs?: number;
}

interface HttpRequest {
  method: "GET" | "POST" | "DELETE";
  path: string;
  accept?: "application/json" | "text/event-stream";
  /** Built without a prototype. */
  body?: object;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

const ANSWER_TIMEOUT_MS = 30_000;
const MAX_SILENCE_MS = 45_000;

/** The server's HTTP interface. A 401 causes one renewal of the token and one repeat. */
export class HttpTransport implements ChatTransport {
  readonly #options: HttpTransportOptions;
  readonly #baseUrl: string;

  constructor(options: HttpTransportOptions) {
    this.#options = options;
    this.#baseUrl = options.endpoint.replace(/\/+$/, "");
  }

  async user(signal?: AbortSignal): Promise<string | null> {
    return userOf(await this.#options.tokens.current(signal));
  }

  async *send(message: string, options: SendOptions): AsyncGenerator<ReceivedEvent, void, undefined> {
    const { conversationId, page, idempotencyKey, signal } = options;
    const response = await this.#request({
      method: "POST",
      path: "/message",
      accept: "text/event-stream",
      body: nullPrototype({
        message,
        conversation_id: conversationId ?? undefined,
        page:
          page === null ? undefined : nullPrototype({ url: page.url, title: page.title, selection: page.selection }),
      }),
      headers: { "Idempotency-Key": idempotencyKey },
      signal,
    });
    yield* this.#events(response, signal);
  }

  async *follow(
    conversationId: string,
    lastEventId: string | null,
    signal: AbortSignal,
  ): AsyncGenerator<ReceivedEvent, void, undefined> {
    const response = await this.#request({
      method: "GET",
      path: `${pathOf(conversationId)}/events`,
      accept: "text/event-stream",
      headers: lastEventId === null ? {} : { "Last-Event-ID": lastEventId },
      signal,
    });
    if (response.status === 204) return;
    yield* this.#events(response, signal);
  }

  async answerApproval(request: ApprovalRequest, signal?: AbortSignal): Promise<ApprovalResponse> {
    const response = await this.#request({
      method: "POST",
      path: "/approval",
      body: nullPrototype({
        conversation_id: request.conversation_id,
        tool_use_id: request.tool_use_id,
        approved: request.approved,
        input_sha256: request.input_sha256,
        reason: request.reason,
        remember: request.remember,
      }),
      signal,
    });
    return await readJson(response, (value) => (isApprovalResponse(value) ? value : null));
  }

  async cancel(conversationId: string, signal?: AbortSignal): Promise<void> {
    const body = nullPrototype({ conversation_id: conversationId });
    await discard(await this.#request({ method: "POST", path: "/cancel", body, signal }));
  }

  async loadConversation(conversationId: string, signal?: AbortSignal): Promise<ConversationSnapshot> {
    return await readJson(await this.#request({ method: "GET", path: pathOf(conversationId), signal }), parseSnapshot);
  }

  /** Any other request below the endpoint: its answer's JSON, for the caller to check; null when there is none. */
  async fetchJson(method: "GET" | "DELETE", path: string, signal?: AbortSignal): Promise<unknown> {
    const response = await this.#request({ method, path, signal });
    return response.status === 204 ? null : await response.json().catch(() => null);
  }

  async #request(request: HttpRequest): Promise<Response> {
    const { tokens } = this.#options;
    const token = await tokens.current(request.signal);
    let response = await this.#fetch(request, token);
    if (response.status === 401) {
      const renewed = await tokens.renew(token, request.signal);
      if (renewed !== null) {
        await discard(response);
        response = await this.#fetch(request, renewed);
      }
    }
    if (response.ok) return response;
    throw await readErrorBody(response, Date.now());
  }

  async #fetch({ method, path, accept, body, headers, signal }: HttpRequest, token: string): Promise<Response> {
    const { fetch = globalThis.fetch, language, answerTimeoutMs = ANSWER_TIMEOUT_MS } = this.#options;
    // Only the wait for the answer is bounded: a stream goes on for as long as its turn does.
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), answerTimeoutMs);
    try {
      return await fetch(
        this.#baseUrl + path,
        nullPrototype({
          method,
          headers: nullPrototype({
            ...headers,
            Accept: accept ?? "application/json",
            "Accept-Language": language(),
            Authorization: `Bearer ${token}`,
            ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          }),
          body: body === undefined ? null : JSON.stringify(body),
          mode: "cors",
          credentials: "omit",
          cache: "no-store",
          redirect: "error",
          referrer: "about:client",
          referrerPolicy: "strict-origin-when-cross-origin",
          integrity: "",
          keepalive: false,
          signal: AbortSignal.any(signal === undefined ? [timeout.signal] : [timeout.signal, signal]),
          window: null,
        } satisfies RequestInit),
      );
    } catch (error) {
      signal?.throwIfAborted();
      throw new TransportError("network", { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  async *#events(response: Response, signal: AbortSignal): AsyncGenerator<ReceivedEvent, void, undefined> {
    const isEventStream = response.headers.get("Content-Type")?.startsWith("text/event-stream") ?? false;
    if (!isEventStream || response.body === null) {
      await discard(response);
      throw new TransportError("network", { status: response.status });
    }
    yield* readEvents(response.body, { signal, maxSilenceMs: this.#options.maxSilenceMs ?? MAX_SILENCE_MS });
  }
}

function pathOf(conversationId: string): string {
  return `/conversations/${encodeURIComponent(conversationId)}`;
}

/** Frees the connection of an answer nobody reads. */
async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => {});
}

/** A body that cannot be read, or is not what the contract says, is as good as none. */
async function readJson<Type>(response: Response, parse: (value: unknown) => Type | null): Promise<Type> {
  const value: unknown = await response.json().catch(() => null);
  const parsed = parse(value);
  if (parsed === null) throw new TransportError("network", { status: response.status });
  return parsed;
}

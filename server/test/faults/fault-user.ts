import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { ConversationSnapshot, UsageResponse } from "@chat-bot/widget/protocol";
import { SignJWT } from "jose";
import { type EventFrame, readFrames } from "./event-frames.ts";

export const ISSUER = "https://host.example";
export const AUDIENCE = "chat-bot";

/** Who somebody is, and of which organization. */
export interface Member {
  user: string;
  organization: string;
}

/** A signed-in person with plain `fetch`, for whom a server that dies is nothing special. */
export class FaultUser {
  readonly #url: () => string | Promise<string>;
  readonly #token: string;

  private constructor(url: () => string | Promise<string>, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /**
   * Without a name: a user of an organization of their own, so that neither locks nor limits of others matter. `url` may
   * change, and may be a while in coming.
   */
  static async signIn(url: () => string | Promise<string>, secret: string, member?: Member): Promise<FaultUser> {
    const name = randomUUID();
    const { user, organization } = member ?? { user: `user-${name}`, organization: `org-${name}` };
    const permissions = ["chatbot:use", "bank:use", "workspace:write"];
    const token = await new SignJWT({ org: organization, permissions })
      .setProtectedHeader({ alg: "HS256" })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject(user)
      .setIssuedAt()
      .setExpirationTime("55m")
      .sign(new TextEncoder().encode(secret));
    return new FaultUser(url, token);
  }

  /** The same person on another way to the server. */
  through(url: () => string): FaultUser {
    return new FaultUser(url, this.#token);
  }

  get authorization(): string {
    return `Bearer ${this.#token}`;
  }

  /** A server that had no time to read the request in time has not heard it: it is asked again. */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
    while (true) {
      const response = await this.#request(method, path, options);
      if (response.status !== 408) return response;
    }
  }

  async #request(method: string, path: string, { body, headers, signal }: RequestOptions): Promise<Response> {
    return fetch(`${await this.#url()}/api/chatbot${path}`, {
      method,
      headers: {
        Authorization: this.authorization,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** Sends a message and reads its turn to the end, over as many connections as it takes. */
  async turn(message: string, options: TurnOptions = {}): Promise<EventFrame[]> {
    const key = randomUUID();
    const frames: EventFrame[] = [];
    let conversationId: string | null = null;
    while (true) {
      try {
        options.onAttempt?.();
        const response: Response =
          conversationId === null
            ? await this.request("POST", "/message", { body: { message }, headers: { "Idempotency-Key": key } })
            : await this.#resume(conversationId, frames.at(-1)?.id);
        // 503: the store is too busy, or the server is leaving. No event is in it: as the element does, they ask again.
        if (response.status !== 200 && response.status !== 503)
          throw new UnexpectedAnswer(response.status, await response.text());
        for await (const frame of readFrames(response)) {
          frames.push(frame);
          if (frame.data.type === "session_created") conversationId = frame.data.conversation_id;
          await options.onFrame?.(frame, conversationId ?? "");
          if (frame.data.type === "done") return frames;
        }
      } catch (error) {
        if (!isLost(error)) throw error;
      }
      await pause(RECONNECT_MS);
    }
  }

  /** Every event of the conversation that is kept. */
  async log(conversationId: string): Promise<EventFrame[]> {
    return this.#insist(async () => {
      const response = await this.request("GET", `/conversations/${conversationId}/events`);
      const frames: EventFrame[] = [];
      for await (const frame of readFrames(response)) frames.push(frame);
      return frames;
    });
  }

  /** Decides as often as it takes to be heard. */
  async decide(conversationId: string, toolUseId: string, approved: boolean): Promise<Response> {
    return this.#insist(() =>
      this.request("POST", "/approval", {
        body: { conversation_id: conversationId, tool_use_id: toolUseId, approved },
      }),
    );
  }

  async conversation(id: string): Promise<ConversationSnapshot> {
    const snapshot: ConversationSnapshot = JSON.parse(await this.#text(`/conversations/${id}`));
    return snapshot;
  }

  /** Whether a tool of this server is among those they may use. */
  async isOffered(server: string): Promise<boolean> {
    return (await this.#text("/session")).includes(`"${server}__`);
  }

  async usage(): Promise<UsageResponse> {
    const usage: UsageResponse = JSON.parse(await this.#text("/usage"));
    return usage;
  }

  /** A whole answer: a server may die also in the middle of one. */
  #text(path: string): Promise<string> {
    return this.#insist(async () => (await this.request("GET", path)).text());
  }

  #resume(conversationId: string, after: string | undefined): Promise<Response> {
    const headers: Record<string, string> = after === undefined ? {} : { "Last-Event-ID": after };
    return this.request("GET", `/conversations/${conversationId}/events`, { headers });
  }

  async #insist<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    while (true) {
      try {
        return await ask();
      } catch (error) {
        if (!isLost(error)) throw error;
      }
      await pause(RECONNECT_MS);
    }
  }
}

const RECONNECT_MS = 20;

export interface RequestOptions {
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export interface TurnOptions {
  /** Told before each connection. */
  onAttempt?: () => void;
  /** Told of each event once, before the next one is read. */
  onFrame?: (frame: EventFrame, conversationId: string) => unknown;
}

class UnexpectedAnswer extends Error {
  constructor(status: number, body: string) {
    super(`${status} ${body}`);
    this.name = "UnexpectedAnswer";
  }
}

/** What `fetch` and its body throw when the connection breaks. */
function isLost(error: unknown): boolean {
  return error instanceof TypeError && /fetch failed|terminated/.test(error.message);
}

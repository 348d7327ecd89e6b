import { createParser, type StreamedEvent } from "./parse-event-stream.ts";

/** A signed-in person who talks to the server without a browser: the host site's cookie, its token, plain fetch. */
export interface ApiClient {
  token: string;
  request(method: string, path: string, options?: RequestOptions): Promise<Response>;
  /** Sends a message and reads its stream to the end; `onEvent` may act meanwhile. */
  send(
    message: string,
    options?: { conversationId?: string; onEvent?: (event: StreamedEvent) => unknown },
  ): Promise<StreamedEvent[]>;
}

interface RequestOptions {
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** Signs in at the host site and takes the token that its page would take. */
export async function signIn(demo: { hostUrl: string; bffUrl: string }, role: "admin" | "member"): Promise<ApiClient> {
  const signedIn = await fetch(`${demo.hostUrl}/sign-in`, {
    method: "POST",
    redirect: "manual",
    headers: { Origin: demo.hostUrl, "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ role }).toString(),
  });
  const cookie = signedIn.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const answer = await fetch(`${demo.hostUrl}/chat-token`, { headers: { Cookie: cookie } });
  const { token }: { token: string } = await answer.json();
  return createApiClient(demo, token);
}

/** A client with a token of its own. */
export function createApiClient(demo: { bffUrl: string }, token: string): ApiClient {
  const client: ApiClient = {
    token,
    request: (method, path, { body, headers = {}, signal } = {}) =>
      fetch(`${demo.bffUrl}/api/chatbot${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      }),
    async send(message, { conversationId, onEvent } = {}) {
      const conversation = conversationId === undefined ? {} : { conversation_id: conversationId };
      const response = await client.request("POST", "/message", { body: { message, ...conversation } });
      if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
      const events: StreamedEvent[] = [];
      for await (const event of readEvents(response)) {
        events.push(event);
        await onEvent?.(event);
      }
      return events;
    },
  };
  return client;
}

/** The events of an answer, as they come. */
export async function* readEvents(response: Response): AsyncGenerator<StreamedEvent> {
  if (response.body === null) return;
  const parser = createParser();
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) yield* parser.feed(text);
}

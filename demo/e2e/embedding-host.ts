import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Demo } from "../src/create-demo.ts";
import { listenOnLoopback } from "../src/listen-on-loopback.ts";

/** What the host answers for a path. `{nonce}` in the policy and in the content is another one for each request. */
export interface HostFile {
  type: "text/html" | "text/javascript" | "text/css";
  content: string | Buffer;
  contentSecurityPolicy?: string;
}

/** A site that embeds the element, with pages and policies as each test wants them. */
export interface EmbeddingHost {
  url: string;
  serve(path: string, file: HostFile): void;
  /** Gives `/chat-token` the tokens of the demo's admin. */
  signIn(demo: Demo): Promise<void>;
  /** From now on `/chat-token` knows nobody. */
  signOut(): void;
  stop(): Promise<void>;
}

/** Starts on loopback with no files. */
export async function startEmbeddingHost(): Promise<EmbeddingHost> {
  const files = new Map<string, HostFile>();
  let session: { demo: Demo; cookie: string } | null = null;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    const file = files.get(path);
    if (path === "/chat-token") await sendToken(response);
    else if (file === undefined) response.writeHead(404).end();
    else sendFile(response, file);
  }

  async function sendToken(response: ServerResponse): Promise<void> {
    if (session === null) {
      response.writeHead(401).end();
      return;
    }
    const { demo, cookie } = session;
    const token = await fetch(`${demo.hostUrl}/chat-token`, { headers: { cookie } });
    response.writeHead(token.status, { "Content-Type": "application/json" }).end(await token.text());
  }

  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });
  return {
    url: await listenOnLoopback(server, 0),
    serve(path, file) {
      files.set(path, file);
    },
    async signIn(demo) {
      const signedIn = await fetch(`${demo.hostUrl}/sign-in`, {
        method: "POST",
        body: new URLSearchParams({ role: "admin" }),
        redirect: "manual",
      });
      session = { demo, cookie: signedIn.headers.get("set-cookie")?.split(";")[0] ?? "" };
    },
    signOut() {
      session = null;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function sendFile(response: ServerResponse, { type, content, contentSecurityPolicy }: HostFile): void {
  const nonce = randomBytes(16).toString("base64");
  const headers: Record<string, string> = { "Content-Type": `${type}; charset=utf-8`, "Cache-Control": "no-store" };
  if (contentSecurityPolicy !== undefined) {
    headers["Content-Security-Policy"] = contentSecurityPolicy.replaceAll("{nonce}", nonce);
  }
  response.writeHead(200, headers);
  response.end(typeof content === "string" ? content.replaceAll("{nonce}", nonce) : content);
}

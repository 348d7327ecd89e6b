import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.ts";
import { type Part, type PartEnd, startPart } from "./start-part.ts";

const AUDIENCE = "chat-bot";
const READY_TIMEOUT_MS = 30_000;

export interface DemoOptions {
  /** Where databases and the workspace are kept. Made if it is missing. */
  directory: string;
  /** Ports to try first; free ones are taken where they are in use. Default: free ones. */
  preferredPorts?: { bff: number; host: number };
  /** For the real API. Without it the scripted Claude answers. */
  anthropicApiKey?: string;
  /** Pause of the scripted Claude after each piece. Default: 15. */
  delayMs?: number;
  /** For the chat-bot server: overrides what the demo says. */
  env?: Record<string, string>;
  /** Told every line that a part writes. */
  onLine?: (part: string, line: string) => void;
}

/** The whole demo, running. */
export interface Demo {
  /** The page to open. */
  hostUrl: string;
  /** Origin of the chat-bot server. */
  bffUrl: string;
  /** null with the real API. */
  scriptedClaudeUrl: string | null;
  workspaceDir: string;
  membersDbPath: string;
  /** Resolves when a part ends, whether or not it was told to. */
  ended: Promise<PartEnd>;
  /** Ends every part and waits until they are gone. */
  stop(): Promise<void>;
}

/** Starts everything on loopback, each part in a process of its own, and waits until it is ready. */
export async function createDemo(options: DemoOptions): Promise<Demo> {
  const parts: Part[] = [];
  try {
    return await startAll(options, parts);
  } catch (error) {
    await stopAll(parts);
    throw error;
  }
}

async function startAll(options: DemoOptions, parts: Part[]): Promise<Demo> {
  const { directory } = options;
  await mkdir(directory, { recursive: true });
  const hostPort = await freePort(options.preferredPorts?.host);
  const bffPort = await freePort(options.preferredPorts?.bff);
  const hostUrl = `http://127.0.0.1:${hostPort}`;
  const bffUrl = `http://127.0.0.1:${bffPort}`;
  const membersToken = randomBytes(32).toString("base64url");
  const isScripted = options.anthropicApiKey === undefined;
  const apiKey = options.anthropicApiKey ?? randomBytes(16).toString("hex");

  const start = (name: string, main: string, env: Record<string, string>): Part => {
    const url = new URL(main, import.meta.url);
    const part = startPart({ name, main: url, env, onLine: options.onLine ?? (() => undefined) });
    parts.push(part);
    return part;
  };

  const claude = isScripted
    ? start("claude", "scripted-claude/main.ts", {
        SCRIPTED_CLAUDE_API_KEY: apiKey,
        SCRIPTED_CLAUDE_DELAY_MS: String(options.delayMs ?? 15),
      })
    : null;
  const members = start("members", "tool-server/main.ts", {
    MEMBERS_TOKEN: membersToken,
    MEMBERS_DATA_DIR: directory,
  });
  const host = start("host", "host-site/main.ts", {
    PORT: String(hostPort),
    BOT_ORIGIN: bffUrl,
    HOST_ISSUER: hostUrl,
    HOST_AUDIENCE: AUDIENCE,
    ...(isScripted ? { CLAUDE: "scripted" } : {}),
  });
  const scriptedClaudeUrl = claude === null ? null : await urlOf(claude);
  const membersUrl = await urlOf(members);
  await urlOf(host);

  const workspaceDir = join(directory, "workspace");
  const bff = start("server", "../../server/src/main.ts", {
    PORT: String(bffPort),
    ANTHROPIC_API_KEY: apiKey,
    ...(scriptedClaudeUrl === null ? {} : scriptedClaudeEnv(scriptedClaudeUrl)),
    // A browser may name the same host either way.
    ALLOWED_ORIGINS: `${hostUrl},http://localhost:${hostPort}`,
    CHATBOT_JWT_ISSUER: hostUrl,
    CHATBOT_JWT_AUDIENCE: AUDIENCE,
    CHATBOT_JWT_JWKS_URL: `${hostUrl}/.well-known/jwks.json`,
    DATABASE_URL: `file:${join(directory, "chatbot.db")}`,
    WORKSPACE_DIR: workspaceDir,
    CHATBOT_CONFIG: fileURLToPath(new URL("../chatbot.config.json", import.meta.url)),
    CHATBOT_DRAIN_SECONDS: "1",
    MEMBERS_URL: membersUrl,
    MEMBERS_TOKEN: membersToken,
    ...options.env,
  });
  await isReady(`${bffUrl}/ready`, bff);

  return {
    hostUrl,
    bffUrl,
    scriptedClaudeUrl,
    workspaceDir,
    membersDbPath: join(directory, "members.db"),
    ended: Promise.race(parts.map((part) => part.ended)),
    stop: () => stopAll(parts),
  };
}

/** Words of the scripted Claude cost nothing: long files and long conversations may be tried. */
function scriptedClaudeEnv(url: string): Record<string, string> {
  return {
    ANTHROPIC_BASE_URL: url,
    CHATBOT_MAX_OUTPUT_TOKENS: "32000",
    CHATBOT_DAILY_TOKEN_LIMIT_USER: "1000000",
  };
}

/** What the part's first line says about where it listens. */
async function urlOf(part: Part): Promise<string> {
  const line: unknown = JSON.parse(await part.firstLine);
  if (typeof line === "object" && line !== null && "url" in line && typeof line.url === "string") return line.url;
  throw new Error(`${part.name} does not say where it listens`);
}

/** Resolves when the URL answers with success; rejects when the part ends before, or when it takes too long. */
async function isReady(url: string, part: Part): Promise<void> {
  const giveUp = new AbortController();
  const isTooLate = AbortSignal.any([giveUp.signal, AbortSignal.timeout(READY_TIMEOUT_MS)]);
  const failed = part.ended.then(({ name, how }) =>
    Promise.reject(new Error(`${name} ended before it was ready: ${how}`)),
  );
  try {
    await Promise.race([failed, answers(url, isTooLate)]);
  } catch (error) {
    if (!isTooLate.aborted) throw error;
    throw new Error(`${part.name} is not ready after ${READY_TIMEOUT_MS / 1000} seconds`, { cause: error });
  } finally {
    giveUp.abort();
    failed.catch(() => undefined);
  }
}

async function answers(url: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const response = await fetch(url, { signal }).catch(() => null);
    await response?.body?.cancel();
    if (response?.ok === true) return;
    await pause(50, undefined, { signal });
  }
}

/** The last part started depends on the others, so it goes first. */
async function stopAll(parts: readonly Part[]): Promise<void> {
  for (const part of parts.toReversed()) await part.stop();
}

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { type EventFrame, endOf, eventsOf, faultsIn, readFrames } from "../faults/event-frames.ts";
import type { FaultUser } from "../faults/fault-user.ts";
import { until } from "../faults/until.ts";
import { whereInstalled } from "../services/installed.ts";
import {
  checkNginx,
  NGINX,
  type NginxServer,
  startNginx,
  UPSTREAM,
  UPSTREAM_HEADER,
} from "../services/nginx-server.ts";
import { ClusterRig } from "./cluster-rig.ts";

const DEPLOY = new URL("../../deploy/", import.meta.url);
const SNIPPET = readText("nginx.conf");
/** Started one after the other while a replica stops, and again when it is gone. */
const MESSAGES = 6;

describe("the files to deploy with", () => {
  it("set no variable that the server does not know", () => {
    const known = knownVariables();
    const set = [...Object.keys(composeEnvironment()), ...Object.keys(imageEnvironment())];
    expect(set).toContain("DATABASE_URL");
    expect(set.filter((name) => !known.has(name))).toEqual([]);
  });

  it("make a configuration that the server starts with", () => {
    const config = loadConfig(
      { ...imageEnvironment(), ...composeEnvironment() },
      (path) => (path === "/etc/chat-bot/chatbot.config.json" ? readText("config/chatbot.config.json") : null),
      "/app",
    );
    expect(config.http).toEqual({ host: "0.0.0.0", port: 4000 });
    expect(config.replicas).toBe(Number(/^ +replicas: (\d+)$/m.exec(readText("compose.yaml"))?.[1]));
    expect(config.drainSeconds).toBeLessThan(Number(/stop_grace_period: (\d+)s/.exec(readText("compose.yaml"))?.[1]));
  });

  it("hold no secret", () => {
    const secrets = Object.entries(composeEnvironment(() => "")).filter(([name]) => /KEY|SECRET|TOKEN$/.test(name));
    expect(secrets.map(([, value]) => value)).toEqual(secrets.map(() => ""));
    expect(Object.keys(imageEnvironment()).filter((name) => /KEY|SECRET|TOKEN|PASSWORD/.test(name))).toEqual([]);
  });
});

whereInstalled([NGINX], () => {
  describe("the nginx configuration that comes with the server", () => {
    let rig: ClusterRig;
    let nginx: NginxServer;
    beforeAll(async () => {
      rig = await ClusterRig.start({ replicas: 2 });
      nginx = await startNginx({ upstreams: rig.urls, server: snippetAt });
    });
    afterAll(async () => {
      await nginx?.stop();
      await rig?.[Symbol.asyncDispose]();
    });

    it("is accepted by nginx as it is", async () => {
      await expect(checkNginx(SNIPPET)).resolves.toContain("test is successful");
    });

    it("passes on what is public and nothing else", async () => {
      const statusOf = async (path: string): Promise<number> => (await fetch(`${nginx.url}${path}`)).status;
      await expect(statusOf("/ready")).resolves.toBe(200);
      await expect(statusOf("/widget/chat-bot.js")).resolves.toBe(200);
      await expect(statusOf("/api/chatbot/session")).resolves.toBe(401);
      await expect(statusOf("/metrics")).resolves.toBe(404);
      await expect(statusOf("/health")).resolves.toBe(404);
      await expect(statusOf("/")).resolves.toBe(404);
    });

    it("lets a replica stop while people write and a turn runs on it", async () => {
      const user = await rig.signIn(0);
      const running = turnOf(user, scriptOf([{ tool_use: [{ name: "tools__hold", input: { ref: "last" } }] }]));
      await until(async () => (await rig.metric("chatbot_open_streams")) > 0);
      const stopped = rig.stopReplica(0);
      await until(async () => (await fetch(`${rig.urls[0]}/ready`)).status === 503);

      const whileItStops = await sendMessages(rig, nginx);
      // Every second one was refused by the replica that stops, and nobody noticed.
      expect(whileItStops.filter((upstream) => upstream.includes(",")).length).toBeGreaterThan(0);
      await rig.release("last");
      const { frames } = await running;
      expect(faultsIn(frames)).toEqual([]);
      expect(eventsOf(frames, "tool_result").map(({ outcome }) => outcome)).toEqual(["ok"]);
      expect(endOf(frames)).toBe("end_turn");
      await stopped;
      await sendMessages(rig, nginx);
    });
  });
});

/** Each by somebody else; all are answered. Resolves with the replicas that each was passed to. */
async function sendMessages(rig: ClusterRig, nginx: NginxServer): Promise<string[]> {
  const upstreams: string[] = [];
  for (let sent = 0; sent < MESSAGES; sent += 1) {
    const user = (await rig.signIn()).through(() => nginx.url);
    const { frames, upstream } = await turnOf(user, scriptOf([{ text: "Here I am." }]));
    expect(faultsIn(frames)).toEqual([]);
    expect(endOf(frames)).toBe("end_turn");
    upstreams.push(upstream);
  }
  return upstreams;
}

async function turnOf(user: FaultUser, message: string): Promise<{ frames: EventFrame[]; upstream: string }> {
  const response = await user.request("POST", "/message", { body: { message } });
  expect(response.status).toBe(200);
  const frames: EventFrame[] = [];
  for await (const frame of readFrames(response)) frames.push(frame);
  return { frames, upstream: response.headers.get(UPSTREAM_HEADER) ?? "" };
}

/** As it is shipped, but for the two addresses. */
function snippetAt(listen: string): string {
  return SNIPPET.replace(
    "listen 8080;",
    `listen ${listen}; add_header ${UPSTREAM_HEADER} $upstream_addr always;`,
  ).replace("http://server:4000", `http://${UPSTREAM}`);
}

/** The server's variables in compose.yaml, with values filled in where the file leaves them to the operator. */
function composeEnvironment(fill: (name: string) => string = operatorsValue): Record<string, string> {
  const service = /^ {2}server:\n((?: {4}.*\n|\n)+)/m.exec(readText("compose.yaml"))?.[1] ?? "";
  const block = /^ {4}environment:\n((?: {6}.*\n)+)/m.exec(service)?.[1] ?? "";
  const entries = Array.from(block.matchAll(/^ {6}([A-Z_]+): (.+)$/gm), ([, name = "", value = ""]) => {
    const unquoted = value.replace(/^"(.*)"$/, "$1");
    return [
      name,
      unquoted.replace(
        /\$\{([A-Z_]+):[?-]([^}]*)\}/g,
        (_, variable: string, fallback: string) => fallback || fill(variable),
      ),
    ];
  });
  return Object.fromEntries(entries);
}

/** What the operator must set, and one of the keys. */
function operatorsValue(name: string): string {
  const values: Record<string, string> = {
    ANTHROPIC_API_KEY: "key",
    CHATBOT_JWT_ISSUER: "https://host.example",
    CHATBOT_JWT_AUDIENCE: "chat-bot",
    CHATBOT_JWT_SECRET: "c2b1f0a94e7d36588d1b60e2f97a4c35",
    POSTGRES_PASSWORD: "postgres-password",
    REDIS_PASSWORD: "redis-password",
  };
  return values[name] ?? "";
}

/** What the image sets. */
function imageEnvironment(): Record<string, string> {
  const block = /^ENV ((?:.*\\\n)*.*\n)/m.exec(readText("Dockerfile"))?.[1] ?? "";
  return Object.fromEntries(
    Array.from(block.matchAll(/([A-Z_]+)=(\S+)/g), ([, name = "", value = ""]) => [name, value]),
  );
}

/** Every name of a variable in the part of the server that reads them. */
function knownVariables(): ReadonlySet<string> {
  const folder = new URL("../../src/config/", import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  const text = files.map((name) => readFileSync(new URL(name, folder), "utf8")).join("\n");
  return new Set(text.match(/\b[A-Z][A-Z_]+\b/g));
}

function readText(name: string): string {
  return readFileSync(fileURLToPath(new URL(name, DEPLOY)), "utf8");
}

function scriptOf(steps: readonly object[]): string {
  return `script:${JSON.stringify(steps)}`;
}

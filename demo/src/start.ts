// `npm run demo`: everything in one terminal. Ctrl-C ends it.

import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";
import { createDemo, type Demo } from "./create-demo.ts";
import { logLine } from "./log-line.ts";
import type { PartEnd } from "./start-part.ts";

const PREFERRED_PORTS = { bff: 4000, host: 8080 };

const asked = Promise.withResolvers<"asked">();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => asked.resolve("asked"));
}

// Not by the exit code alone: whatever still runs ends with this process.
process.exit(await run());

async function run(): Promise<number> {
  const starting = createDemo({
    directory: fileURLToPath(new URL("../.run", import.meta.url)),
    preferredPorts: PREFERRED_PORTS,
    env: operatorsChoice(),
    onLine: (part, line) => console.log(logLine(part, line)),
    ...(process.env["ANTHROPIC_API_KEY"] ? { anthropicApiKey: process.env["ANTHROPIC_API_KEY"] } : {}),
  });
  let demo: Demo | "asked";
  try {
    demo = await Promise.race([starting, asked.promise]);
  } catch (error) {
    console.error(`The demo could not start: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
  if (demo === "asked") return 0;
  console.log(welcome(demo));
  const end = await Promise.race([asked.promise, demo.ended.then(endedByItself)]);
  if (end === "asked") console.log("\nStopping …");
  else console.error(`\n${end.name} has ended (${end.how}), so the demo ends too.`);
  await demo.stop();
  return end === "asked" ? 0 : 1;
}

/** Ctrl-C reaches the parts as well as us: one that ends by it has not failed, even if we hear of it first. */
async function endedByItself(end: PartEnd): Promise<PartEnd | "asked"> {
  return await Promise.race([asked.promise, pause(200, end)]);
}

/** What the operator may set for the chat-bot server; who issues tokens is the demo's own business. */
function operatorsChoice(): Record<string, string> {
  const entries = Object.entries(process.env).flatMap(([name, value]) =>
    value !== undefined && /^(?:CHATBOT_(?!JWT_)\w+|ANTHROPIC_MODEL|LOG_LEVEL)$/.test(name) ? [[name, value]] : [],
  );
  return Object.fromEntries(entries);
}

function welcome(demo: Demo): string {
  const isAsked = new URL(demo.hostUrl).port === String(PREFERRED_PORTS.host);
  const claude = demo.scriptedClaudeUrl === null ? "the real one" : "scripted (set ANTHROPIC_API_KEY for the real one)";
  return [
    "",
    `  Open        ${styleText(["bold", "underline"], demo.hostUrl)}${isAsked ? "" : `   (port ${PREFERRED_PORTS.host} is in use)`}`,
    "  Sign in as  admin, who may change things, or member, who may look",
    `  Claude      ${claude}`,
    `  Files       ${demo.workspaceDir}`,
    `  Server      ${demo.bffUrl}`,
    "  Ctrl-C ends everything.",
    "",
  ].join("\n");
}

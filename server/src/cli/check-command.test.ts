import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { commandLine } from "../../test/command-line.ts";
import { publicServer } from "../../test/fixtures/public-servers.ts";
import type { CheckReport } from "./check-report.ts";

const ENV = {
  CHATBOT_JWT_ISSUER: "https://host.example",
  CHATBOT_JWT_AUDIENCE: "chatbot",
  CHATBOT_JWT_SECRET: "0123456789abcdef0123456789abcdef",
  ANTHROPIC_API_KEY: "key",
};
const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

async function directoryWith(config: unknown): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "chat-bot-check-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, "chatbot.config.json"), JSON.stringify(config));
  return directory;
}

/** Processes that start processes take their time on a busy machine. */
const PROCESSES_TAKE_MS = 120_000;

/** The command as an operator runs it: a process, which ends by itself. */
async function checkAsProcess(config: unknown, ...words: string[]): Promise<{ exitCode: unknown; output: string }> {
  const cwd = await directoryWith(config);
  const child = spawn(process.execPath, [MAIN, "check", ...words], { cwd, env: { ...process.env, ...ENV } });
  const [output, errors, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  expect(errors).toBe("");
  return { exitCode, output };
}

/** An address where nobody listens any more. */
async function urlOfNobody(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = urlOf(server);
  server.close();
  await once(server, "close");
  return url;
}

function urlOf(server: Server): string {
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/mcp`;
}

async function check(config: unknown, ...words: string[]): Promise<{ exitCode: number; report: CheckReport }> {
  const { exitCode, output } = await commandLine(["check", "--json", ...words], ENV, await directoryWith(config));
  return { exitCode, report: JSON.parse(output) };
}

describe("chat-bot-server check", () => {
  it("meets the configured tool servers, prints who may use what, and finds nothing wrong", {
    timeout: PROCESSES_TAKE_MS,
  }, async () => {
    const { exitCode, output } = await checkAsProcess({
      mcpServers: { files: { ...publicServer("filesystem", tmpdir()), trusted: true } },
      tools: {
        "files__*": { permissions: ["files:write"], approval: "auto", remember: true },
        "files__read_*": { permissions: ["files:read"], approval: "auto" },
      },
      roles: {
        member: ["chatbot:use", "files:read"],
        editor: ["chatbot:use", "files:*"],
      },
    });
    expect(output).toMatch(/^ {2}files +connected +\d+$/m);
    expect(output).toMatch(/^ {2}Tool +needs +admin +member +editor$/m);
    expect(output).toMatch(/^ {2}files__read_text_file +files:read +– +runs +runs$/m);
    expect(output).toMatch(/^ {2}files__create_directory +files:write +– +– +asks\*$/m);
    expect(output).toMatch(/^ {2}workspace__write_file +workspace:write +asks +– +–$/m);
    expect(output).toContain("Nothing is wrong.");
    expect(exitCode).toBe(0);
  });

  it("names everything that is not as it was meant", { timeout: PROCESSES_TAKE_MS }, async () => {
    const { exitCode, output } = await checkAsProcess(
      {
        mcpServers: {
          everything: publicServer("everything"),
          down: { type: "http", url: await urlOfNobody() },
          dies: { command: process.execPath, args: ["-e", "console.error('no licence'); process.exit(1)"] },
          workspace: { command: "never-started" },
        },
        tools: {
          everything__echo: { permissions: ["demo:use"], approval: "never" },
          everythng__echo: { permissions: ["demo:use"], approval: "never" },
          "down__*": { permissions: ["down:use"], approval: "never" },
        },
        roles: { member: ["chatbot:use", "demo:use", "demo:usr"], guest: ["demo:use"], nobody: [] },
      },
      "--json",
    );
    const { problems, servers }: CheckReport = JSON.parse(output);
    const said = problems.map(({ level, where, message }) => `${level} ${where}: ${message}`);
    expect(servers.map(({ name, state }) => `${name} ${state}`)).toEqual([
      "everything connected",
      "down unreachable",
      "dies unreachable",
      "workspace refused",
    ]);
    for (const expected of [
      /^error mcpServers\.down: cannot be reached: .*ECONNREFUSED/,
      /^error mcpServers\.dies: cannot be reached: .*no licence/,
      /^error mcpServers\.workspace: is left out: the name is reserved/,
      /^warning mcpServers\.everything: simulate-research-query is left out: it runs only as a task/,
      /^error tools\.everythng__echo: applies to no tool/,
      /^warning mcpServers\.everything: everything__get-env has no rule: it is offered to nobody/,
      /^error roles\.member: grants demo:usr, which nothing needs/,
      /^warning tools\.down__\*: needs down:use, which no role grants/,
      /^warning roles\.guest: does not grant chatbot:use/,
      /^warning roles\.nobody: grants nothing/,
    ]) {
      expect(said).toContainEqual(expect.stringMatching(expected));
    }
    // What a server has that is away, nobody knows.
    expect(said.join("\n")).not.toContain("down__*: applies");
    expect(exitCode).toBe(1);
  });

  it("does not connect with a configuration that is not valid, and shows no secret", async () => {
    const { exitCode, report } = await check({ mcpServers: { files: { command: 1 } }, tool: {}, systemPrompt: "" });
    expect(exitCode).toBe(1);
    expect(report.servers).toEqual([]);
    expect(report.problems.map(({ level }) => level)).toEqual(["error", "error", "error"]);
    expect(JSON.stringify(report)).not.toContain(ENV.CHATBOT_JWT_SECRET);
  });

  it("waits no longer than it is told", async () => {
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => {
      silent.closeAllConnections();
      silent.close();
    });
    const servers = { slow: { type: "http", url: urlOf(silent) } };
    const { exitCode, report } = await check({ mcpServers: servers }, "--timeout", "1");
    expect(report.servers).toMatchObject([{ name: "slow", state: "unreachable", tools: 0 }]);
    expect(exitCode).toBe(1);
  });

  it("takes warnings for errors when it is told to", async () => {
    const config = { roles: { guest: ["workspace:read"] } };
    expect(await check(config)).toMatchObject({ exitCode: 0 });
    expect(await check(config, "--strict")).toMatchObject({ exitCode: 1 });
  });

  it("reads the file that it is told, and tells issuers with rules of their own apart", async () => {
    const rule = { permissions: ["workspace:read"], approval: "always" };
    const issuer = { audience: "chatbot", secret: ENV.CHATBOT_JWT_SECRET, origins: [] };
    const cwd = await directoryWith({});
    await writeFile(
      join(cwd, "other.json"),
      JSON.stringify({
        roles: { reader: ["chatbot:use", "workspace:read"] },
        issuers: [
          { ...issuer, issuer: "https://b.example" },
          { ...issuer, issuer: "https://c.example", tools: { workspace__list_files: rule } },
        ],
      }),
    );
    const { output } = await commandLine(["check", "--json", "other.json"], ENV, cwd);
    const { policies, problems }: CheckReport = JSON.parse(output);
    expect(problems).toEqual([]);
    expect(policies.map(({ issuers }) => issuers)).toEqual([
      ["https://host.example", "https://b.example"],
      ["https://c.example"],
    ]);
    const starts = policies.map(({ roles }) => roles.find(({ role }) => role === "reader")?.tools);
    expect(starts).toEqual([
      { workspace__list_files: "unasked", workspace__read_file: "unasked" },
      { workspace__list_files: "asks", workspace__read_file: "unasked" },
    ]);
  });

  it.each([["--nonsense"], ["a.json", "b.json"], ["--timeout", "soon"], ["--timeout", "0"]])(
    "explains itself when it does not understand %s %s",
    async (...words) => {
      const { exitCode, output } = await commandLine(["check", ...words], ENV, tmpdir());
      expect(exitCode).toBe(2);
      expect(output).toContain("chat-bot-server check [file]");
    },
  );
});

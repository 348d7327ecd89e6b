import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

/** The display and the driver as far as the launcher knows them, so that no WebKit is needed here. */
const PROGRAMS: Readonly<Record<string, string>> = {
  Xvfb: `require("node:fs").writeSync(3, "7\\n");`,
  WebKitWebDriver: `
    const value = { sessionId: "s", width: 800, height: 600 };
    require("node:http").createServer(({ url }, response) => {
      response.statusCode = url === process.env.REFUSED ? 500 : 200;
      response.end(JSON.stringify({ value }));
    }).listen(Number(process.argv[2].split("=")[1]), "127.0.0.1");`,
};

/** The test runner as far as the launcher knows it. */
const RUNNER = `
  import { exitOnSignals } from ${address("exit-on-signals.ts")};
  import { webKitLauncher } from ${address("webkit-launcher.ts")};
  exitOnSignals();
  const launcher = webKitLauncher();
  const start = launcher.startSession("a", "http://localhost/");
  console.log(await start.then(() => "started", () => "refused"));
  process.stdin.once("data", (order) => {
    if (String(order) === "stop") launcher.stop().then(() => process.stdin.unref());
    else throw new Error("Something unforeseen.");
  });`;

function address(file: string): string {
  return JSON.stringify(new URL(file, import.meta.url).href);
}

let folder: string;
let temporary: string;
let server: Server;
/** Connections of the programs that run: what ends, closes its own. */
const running = new Set<Socket>();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chat-bot-launcher-"));
  temporary = join(folder, "tmp");
  await mkdir(temporary);
  const path = join(folder, "socket");
  server = createServer((socket) => {
    running.add(socket);
    socket.on("close", () => running.delete(socket)).on("error", () => undefined);
  }).listen(path);
  await once(server, "listening");
  for (const [name, script] of Object.entries(PROGRAMS)) {
    const program = join(folder, name);
    const connect = `require("node:net").connect(${JSON.stringify(path)}, go).on("close", () => process.exit());`;
    await writeFile(program, `#!${process.execPath}\n${connect}\nfunction go() {${script}}\n`);
    await chmod(program, 0o755);
  }
});
afterEach(async () => {
  for (const socket of running) socket.destroy();
  server.close();
  await rm(folder, { recursive: true });
});

async function run(environment: Record<string, string> = {}): Promise<{ runner: ChildProcess; said: string }> {
  const runner = spawn(process.execPath, ["--input-type=module", "--eval", RUNNER], {
    env: { ...process.env, ...environment, TMPDIR: temporary, PATH: [folder, process.env["PATH"]].join(delimiter) },
    stdio: ["pipe", "pipe", "ignore"],
  });
  const [said] = await once(runner.stdout, "data");
  return { runner, said: String(said).trim() };
}

/** The programs are scripts, which Windows does not run by their name. */
const onUnix = test.skipIf(process.platform === "win32");

const ENDS: [title: string, end: (runner: ChildProcess) => unknown][] = [
  ["it has run all tests", (runner) => runner.stdin?.write("stop")],
  ["somebody presses Ctrl+C", (runner) => runner.kill("SIGINT")],
  ["it is told to end", (runner) => runner.kill("SIGTERM")],
  ["its terminal is closed", (runner) => runner.kill("SIGHUP")],
  ["something unforeseen is thrown", (runner) => runner.stdin?.write("throw")],
];
for (const [title, end] of ENDS) {
  onUnix(`webKitLauncher leaves neither programs nor files when the runner ends because ${title}`, async () => {
    const { runner, said } = await run();
    expect(said).toBe("started");
    expect(running.size).toBe(2);
    expect(await readdir(temporary)).toHaveLength(1);
    end(runner);
    await once(runner, "close");
    await expect.poll(() => running.size, { timeout: 20_000 }).toBe(0);
    expect(await readdir(temporary)).toEqual([]);
  });
}

onUnix("webKitLauncher leaves neither programs nor files when there is no session to be had", async () => {
  const { runner, said } = await run({ REFUSED: "/session" });
  expect(said).toBe("refused");
  await expect.poll(() => running.size, { timeout: 20_000 }).toBe(0);
  expect(await readdir(temporary)).toEqual([]);
  runner.kill();
  await once(runner, "close");
});

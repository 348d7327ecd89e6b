import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";

/** How npm is told to end: by whoever knows its process alone, and by a terminal, which tells all that it has started. */
const ENDINGS: [title: string, end: (npm: number) => void][] = [
  ["SIGTERM", (npm) => process.kill(npm, "SIGTERM")],
  ["Ctrl-C", (npm) => process.kill(-npm, "SIGINT")],
];

test.each(ENDINGS)(
  "npm start: after %s the server stops in good order, and nothing of it is left",
  async (_title, end) => {
    const directory = await mkdtemp(join(tmpdir(), "chat-bot-npm-start-"));
    // Without the build that comes before; in a group of its own, so that whatever is left can be ended.
    const npm = spawn("npm", ["start", "--ignore-scripts"], {
      detached: true,
      stdio: ["ignore", "pipe", "ignore"],
      env: {
        ...process.env,
        PORT: "0",
        CHATBOT_JWT_ISSUER: "https://host.example",
        CHATBOT_JWT_AUDIENCE: "chat-bot",
        CHATBOT_JWT_SECRET: "kX9vQ2mZ7pLw4TnB8cRf3JdHs6YgUa1EoViNt5qM",
        DATABASE_URL: `file:${join(directory, "chatbot.db")}`,
        WORKSPACE_DIR: join(directory, "workspace"),
      },
    });
    const isGone = once(npm, "close");
    onTestFinished(async () => {
      if (npm.pid !== undefined && isGroupAlive(npm.pid)) process.kill(-npm.pid, "SIGKILL");
      await isGone;
      await rm(directory, { recursive: true });
    });
    const messages: string[] = [];
    for await (const line of createInterface({ input: npm.stdout })) {
      if (!line.startsWith("{")) continue;
      const { msg }: { msg: string } = JSON.parse(line);
      messages.push(msg);
      if (msg === "listening" && npm.pid !== undefined) end(npm.pid);
    }
    expect(messages.filter((msg) => msg === "stopping")).toHaveLength(1);
    // Only now, and not when npm itself has ended: the pipe was open as long as anybody could write to it.
    expect(await isGone).toEqual([0, null]);
  },
);

function isGroupAlive(id: number): boolean {
  try {
    return process.kill(-id, 0);
  } catch {
    return false;
  }
}

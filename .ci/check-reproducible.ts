// Fails when building the widget once more does not give the same files, byte for byte. Source maps tell where the
// sources lie from where they are written to, and are left out.

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "./run-command.ts";

const DIST = fileURLToPath(new URL("../widget/dist/", import.meta.url));

const again = join(await mkdtemp(join(tmpdir(), "chat-bot-widget-")), "/");
const args = ["exec", "--workspace", "widget", "--", "rollup", "--config", "--silent", "--configDist", again];
const { exitCode, output } = await runCommand("npm", args, { echo: false });
if (exitCode !== 0) throw new Error(output);
const files = (await readdir(again, { recursive: true })).filter((file) => /\.(?:js|json|txt)$/.test(file));
if (!files.includes("chat-bot.js")) throw new Error("The second build wrote nothing.");
for (const file of files) {
  const [first, second] = await Promise.all([
    readFile(join(DIST, file)).catch(() => null),
    readFile(join(again, file)),
  ]);
  if (first?.equals(second) === true) continue;
  console.error(`${file} ${first === null ? "is not there in the first build" : "differs"}`);
  process.exitCode = 1;
}
await rm(again, { recursive: true });

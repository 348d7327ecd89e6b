// The members tool server as a process of its own: `MEMBERS_TOKEN` (required), `MEMBERS_DATA_DIR` (in memory without
// it) and `PORT` (0: a free one). Prints one line of JSON with its URL when it is ready.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createToolServer } from "./server.ts";

const { MEMBERS_TOKEN = "", MEMBERS_DATA_DIR, PORT = "0" } = process.env;

if (MEMBERS_DATA_DIR !== undefined) mkdirSync(MEMBERS_DATA_DIR, { recursive: true });
const server = await createToolServer({
  token: MEMBERS_TOKEN,
  port: Number(PORT),
  ...(MEMBERS_DATA_DIR === undefined ? {} : { databasePath: join(MEMBERS_DATA_DIR, "members.db") }),
});
process.stdout.write(`${JSON.stringify({ url: server.url })}\n`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void server.stop());
}

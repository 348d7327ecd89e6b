// The scripted Claude as a process of its own: `PORT` (0: a free one), `SCRIPTED_CLAUDE_DELAY_MS` (15) and, if only one
// key shall be accepted, `SCRIPTED_CLAUDE_API_KEY`. Prints one line of JSON with its URL when it is ready.

import { createScriptedClaude } from "./server.ts";

const { PORT = "0", SCRIPTED_CLAUDE_DELAY_MS = "15", SCRIPTED_CLAUDE_API_KEY } = process.env;

const claude = await createScriptedClaude({
  port: Number(PORT),
  delayMs: Number(SCRIPTED_CLAUDE_DELAY_MS),
  ...(SCRIPTED_CLAUDE_API_KEY === undefined ? {} : { apiKey: SCRIPTED_CLAUDE_API_KEY }),
});
process.stdout.write(`${JSON.stringify({ url: claude.url })}\n`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void claude.stop());
}

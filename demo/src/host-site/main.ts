// The host site as a process of its own: `PORT`, `BOT_ORIGIN`, `HOST_ISSUER`, `HOST_AUDIENCE`, and `CLAUDE=scripted` when the
// page shall say so. Prints one line of JSON with its URL when it is ready.

import { createHostSite } from "./server.ts";

const { PORT = "0", BOT_ORIGIN = "", HOST_ISSUER = "", HOST_AUDIENCE = "", CLAUDE } = process.env;

const site = await createHostSite({
  port: Number(PORT),
  botOrigin: BOT_ORIGIN,
  issuer: HOST_ISSUER,
  audience: HOST_AUDIENCE,
  isScripted: CLAUDE === "scripted",
});
process.stdout.write(`${JSON.stringify({ url: site.url })}\n`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void site.stop());
}

// A process that writes files into a workspace it shares with others: `node quota-writer.ts <directory> <files>`. It says
// `ready`; for each line `<user> <count>` that it then reads it tries to write so many small files of that user, and
// answers how many it could, and why not the others.

import { createInterface } from "node:readline";
import { createWorkspaceTools } from "../../src/tools/workspace/workspace-tools.ts";

const [directory = "", files = ""] = process.argv.slice(2);
const limits = { fileBytes: 1000, bytes: 100_000, files: Number(files), directories: 100 };
const writer = createWorkspaceTools({ directory, limits }, () => null).find((tool) => tool.title === "Write file");
if (writer === undefined) throw new Error("there is no tool to write files");

process.stdout.write("ready\n");
for await (const line of createInterface({ input: process.stdin })) {
  const [user = "", count = ""] = line.split(" ");
  const owner = { issuer: "https://host.example", organization: "acme", user };
  let written = 0;
  const refusals = new Set<unknown>();
  for (let index = 0; index < Number(count); index += 1) {
    const output = await writer.run(
      { path: `${index % 3}/${process.pid}-${index}.txt`, content: "x".repeat(100) },
      {
        signal: new AbortController().signal,
        toolUseId: "t",
        idempotencyKey: "k",
        owner,
        onDelta: () => Promise.resolve(),
      },
    );
    if (output.isError) refusals.add(output.structuredContent?.["error"]);
    else written += 1;
  }
  process.stdout.write(`${JSON.stringify({ written, refusals: [...refusals] })}\n`);
}

// A process that begins to write the file `dir/half.txt` for Ann, says so when the first piece is on the disk, and goes no
// further: `node half-writer.ts <directory>`.

import { createWorkspaceTools } from "../../src/tools/workspace/workspace-tools.ts";
import { ANN } from "./workspace-rig.ts";

const [directory = ""] = process.argv.slice(2);
const writer = createWorkspaceTools({ directory }, () => null).find((tool) => tool.title === "Write file");
if (writer === undefined) throw new Error("there is no tool to write files");
// It is to be killed, not to end for want of work.
setInterval(() => undefined, 60_000);
await writer.run(
  { path: "dir/half.txt", content: "x".repeat(100_000) },
  {
    signal: new AbortController().signal,
    toolUseId: "t",
    idempotencyKey: "k",
    owner: ANN,
    onDelta: () => {
      process.stdout.write("half\n");
      return new Promise(() => undefined);
    },
  },
);

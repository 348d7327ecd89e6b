import { expect, waitUntil } from "@open-wc/testing";
import { emulateMedia, setViewport } from "@web/test-runner-commands";
import {
  asksFor,
  endOfTurn,
  firstTurn,
  openPanel,
  request,
  type SampleServer,
  says,
  settled,
  startSampleServer,
} from "../test/sample-panel.ts";
import type { ChatBot } from "./chat-bot.ts";

// The checker is a script, not a module: it leaves itself on the window.
await import("axe-core");
const axe: typeof import("axe-core") = Reflect.get(window, "axe");

const MARKDOWN =
  "# Title\n\nText with [a link](https://example.com), `code` and ~~more~~.\n\n- [x] done\n- [ ] open\n\n|a|b|\n|-|-|\n|1|2|\n\n```js\nlet a = 1;\n```\n\n> quoted\n";

type State = (element: ChatBot, root: ShadowRoot, server: SampleServer) => Promise<void>;

async function ask(element: ChatBot, server: SampleServer): Promise<void> {
  void element.send("Hello");
  await waitUntil(() => server.requests.length > 0);
}

const states: [title: string, prepare: State][] = [
  ["an empty conversation", async (element) => void Object.assign(element, { suggestions: ["One", "Two"] })],
  [
    "an answer",
    async (element, root, server) => {
      await ask(element, server);
      server.stream(...firstTurn("Hello"), says(MARKDOWN), endOfTurn);
      await waitUntil(() => root.querySelector("table"));
    },
  ],
  [
    "an answer being written, with a tool call",
    async (element, root, server) => {
      await ask(element, server);
      server.stream(
        ...firstTurn("Hello"),
        ...asksFor("u1", { path: "x" }),
        { type: "status_update", state: "tool_running", tool_use_id: "u1", file_path: "x" },
        {
          type: "tool_chunk",
          tool_use_id: "u1",
          channel: "file",
          offset: 0,
          chunk: "one\n",
          path: "x",
          progress: 4,
          total: 8,
        },
      );
      await waitUntil(() => root.querySelector("progress"));
      root.querySelector<HTMLElement>(".tool-head")?.click();
    },
  ],
  [
    "an approval",
    async (element, root, server) => {
      await ask(element, server);
      const input = { path: "a\u202eb", content: "x" };
      server.stream(
        ...firstTurn("Hello"),
        ...asksFor("u1", input),
        request("u1", input, { annotations: { destructiveHint: true }, remember: ["once", "conversation"] }),
      );
      await waitUntil(() => root.querySelector(".approve")?.ariaDisabled === "false", "not armed", { timeout: 5_000 });
    },
  ],
  [
    "an error",
    async (element, root, server) => {
      server.refuse(403, { error: "forbidden", message: "Not for you.", request_id: "r" });
      void element.send("Hello");
      await waitUntil(() => root.querySelector(".error"));
    },
  ],
];

describe("The accessibility checker finds nothing in", () => {
  let server: SampleServer;
  beforeEach(() => {
    server = startSampleServer();
  });
  afterEach(async () => {
    server.restore();
    document.body.style.background = "";
    await setViewport({ width: 800, height: 600 });
  });

  for (const [title, prepare] of states) {
    for (const scheme of ["light", "dark"] as const) {
      for (const [device, width, height] of [
        ["a desktop", 1_000, 800],
        ["a phone", 390, 844],
      ] as const) {
        it(`${title}, ${scheme}, on ${device}`, async () => {
          await setViewport({ width, height });
          await emulateMedia({ reducedMotion: "reduce" });
          const { element, root } = await openPanel();
          element.colorScheme = scheme;
          await prepare(element, root, server);
          await settled(root);
          const { violations } = await axe.run(element, { rules: { region: { enabled: false } } });
          expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).to.deep.equal(
            [],
          );
        });
      }
    }
  }
});

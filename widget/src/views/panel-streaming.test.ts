import { expect, nextFrame, waitUntil as waitUntilSoon } from "@open-wc/testing";
import {
  endOfTurn,
  firstTurn,
  openPanel,
  type SampleServer,
  says,
  startSampleServer,
} from "../../test/sample-panel.ts";

/** Parts of the panel come when they are needed, on a busy machine not at once. */
function waitUntil(isTrue: () => unknown): Promise<void> {
  return waitUntilSoon(isTrue, "it did not happen", { timeout: 20_000 });
}

describe("The panel, while an answer streams,", () => {
  let server: SampleServer;

  beforeEach(() => {
    server = startSampleServer();
  });

  afterEach(() => server.restore());

  it("touches nothing that was shown before: each frame costs what came with it", async () => {
    const { element, root } = await openPanel();
    void element.send("Hello");
    await waitUntil(() => server.requests.some(({ route }) => route === "POST /message"));
    const start = "# One\n\nTwo **three**\n\n```js\nfour();\n```\n\n- five\n- six\n\n";
    server.stream(...firstTurn("Hello"), says(start));
    await waitUntil(() => root.querySelectorAll(".section li").length === 2);
    const before = [...root.querySelectorAll(".message .section *, .message.mine *")];
    expect(before.length).to.be.greaterThan(10);
    const touched: Node[] = [];
    const observer = new MutationObserver((records) => touched.push(...records.map(({ target }) => target)));
    for (const shown of root.querySelectorAll(".message.mine, .section h2, .section p, .section ul")) {
      observer.observe(shown, { childList: true, characterData: true, attributes: true, subtree: true });
    }
    let text = start;
    for (const piece of ["seven", " eight", "\n\nnine", "\n\n- ten"]) {
      server.stream(says(piece, text.length));
      text += piece;
      await waitUntil(() => root.querySelector("chat-bot-markdown")?.textContent?.includes(piece.replace(/\W+/, "")));
      await nextFrame();
    }
    observer.disconnect();
    expect(touched).to.deep.equal([]);
    expect(before.every((one) => one.isConnected || one.closest("code") !== null)).to.equal(true);
    server.stream(endOfTurn);
  }).timeout(30_000);
});

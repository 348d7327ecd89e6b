import { expect } from "@open-wc/testing";
import { waitToReconnect } from "./wait-to-reconnect.ts";

const AN_HOUR_MS = 3_600_000;

describe("waitToReconnect", () => {
  it("waits for the time given", async () => {
    await waitToReconnect(1, new AbortController().signal);
  });

  it("ends at once when the browser is online again", async () => {
    const waiting = waitToReconnect(AN_HOUR_MS, new AbortController().signal);
    window.dispatchEvent(new Event("online"));
    await waiting;
  });

  for (const [title, abortFirst] of [
    ["while it waits", false],
    ["before it waits", true],
  ] as const) {
    it(`rejects with the signal's reason when aborted ${title}`, async () => {
      const abort = new AbortController();
      if (abortFirst) abort.abort("enough");
      const waiting = waitToReconnect(AN_HOUR_MS, abort.signal).catch((error: unknown) => error);
      abort.abort("enough");
      expect(await waiting).to.equal("enough");
    });
  }
});

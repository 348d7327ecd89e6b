import { describe, expect, it } from "vitest";
import { DeltaQueue } from "./delta-queue.ts";

describe("DeltaQueue", () => {
  it("records deltas one after the other, in order", async () => {
    const recorded: string[] = [];
    let running = 0;
    const queue = new DeltaQueue(async ({ chunk }) => {
      running += 1;
      expect(running).toBe(1);
      await Promise.resolve();
      recorded.push(chunk);
      running -= 1;
    });
    for (const chunk of "abcdef") queue.add({ channel: "progress", chunk });
    await queue.drain();
    expect(recorded.join("")).toBe("abcdef");
  });

  it("tells that recording failed, and records nothing after it", async () => {
    const recorded: string[] = [];
    const queue = new DeltaQueue(async ({ chunk }) => {
      if (chunk === "b") throw new Error("fenced off");
      recorded.push(chunk);
    });
    for (const chunk of "abc") queue.add({ channel: "progress", chunk });
    await expect(queue.drain()).rejects.toThrow("fenced off");
    expect(recorded).toEqual(["a"]);
  });

  it("keeps no more than 1 MB waiting, and goes on when there is room", async () => {
    let size = 0;
    const queue = new DeltaQueue(async ({ chunk }) => {
      size += chunk.length;
    });
    for (let count = 0; count < 100; count += 1) queue.add({ channel: "progress", chunk: "x".repeat(100_000) });
    await queue.drain();
    expect(size).toBe(1_000_000);
    queue.add({ channel: "progress", chunk: "y" });
    await queue.drain();
    expect(size).toBe(1_000_001);
  });
});

import { describe, expect, it } from "vitest";
import { ProgressQueue } from "./progress-queue.ts";
import type { ToolDelta } from "./tool.ts";

/** Time passes only while the queue sleeps. */
function setUp(record: (delta: ToolDelta) => Promise<void> = async () => undefined) {
  let nowMs = 0;
  const sleepers: { atMs: number; wake: () => void }[] = [];
  const recorded: (ToolDelta & { atMs: number })[] = [];
  const queue = new ProgressQueue(
    async (delta) => {
      await record(delta);
      recorded.push({ ...delta, atMs: nowMs });
    },
    {
      now: () => nowMs,
      sleep: (ms) => new Promise((wake) => sleepers.push({ atMs: nowMs + ms, wake })),
    },
  );
  /** Lets what can go on go on, then the clock jump to the next sleeper, until nobody sleeps. */
  const settle = async (): Promise<void> => {
    for (;;) {
      await new Promise(setImmediate);
      const next = sleepers.shift();
      if (next === undefined) return;
      nowMs = Math.max(nowMs, next.atMs);
      next.wake();
    }
  };
  const told = (): string => recorded.map(({ chunk }) => chunk).join("");
  return { queue, recorded, settle, told };
}

describe("ProgressQueue", () => {
  it("records the first word at once, and what comes with it a moment later, joined", async () => {
    const { queue, recorded, settle } = setUp();
    for (let progress = 1; progress <= 40; progress += 1) queue.add({ message: `${progress} `, progress, total: 40 });
    await settle();
    expect(recorded.length).toBe(1);
    expect(recorded[0]).toMatchObject({ channel: "progress", progress: 40, total: 40 });
    queue.add({ message: "a", progress: 41 });
    queue.add({ message: "b", progress: 42 });
    await settle();
    expect(recorded.at(-1)).toMatchObject({ chunk: "ab", progress: 42 });
    expect(recorded.at(-1)).not.toHaveProperty("total");
  });

  it("records at most 20 events in any second, and drops nothing", async () => {
    const { queue, recorded, settle, told } = setUp();
    const sent: string[] = [];
    for (let index = 0; index < 500; index += 1) {
      const message = `${index} 😀 `;
      sent.push(message);
      queue.add({ message, progress: index });
      if (index % 5 === 0) await settle();
    }
    await queue.drain();
    expect(told()).toBe(sent.join(""));
    expect(recorded.length).toBeGreaterThan(20);
    for (const { atMs } of recorded) {
      const within = recorded.filter((other) => other.atMs >= atMs && other.atMs < atMs + 1000);
      expect(within.length).toBeLessThanOrEqual(20);
    }
  });

  it("does not hold up what is the last of it", async () => {
    const { queue, told } = setUp();
    queue.add({ message: "a", progress: 1 });
    await new Promise(setImmediate);
    queue.add({ message: "b", progress: 2 });
    // Nobody wakes the queue.
    await queue.drain();
    expect(told()).toBe("ab");
  });

  it("records at most 1 MB in a second, in pieces of whole characters", async () => {
    const { queue, recorded, settle, told } = setUp();
    const message = "ä€😀".repeat(80_000);
    queue.add({ message, progress: 1 });
    const drained = queue.drain();
    await settle();
    await drained;
    expect(told()).toBe(message);
    for (const { atMs } of recorded) {
      const within = recorded.filter((other) => other.atMs >= atMs && other.atMs < atMs + 1000);
      expect(within.reduce((bytes, { chunk }) => bytes + Buffer.byteLength(chunk), 0)).toBeLessThanOrEqual(1024 * 1024);
    }
  });

  it("keeps no more than 1 MB waiting, and goes on when there is room", async () => {
    const { queue, recorded, settle, told } = setUp();
    for (let count = 1; count <= 100; count += 1) queue.add({ message: "x".repeat(100_000), progress: count });
    await settle();
    expect(told().length).toBe(1_000_000);
    expect(recorded.at(-1)?.progress).toBe(100);
    queue.add({ message: "y", progress: 101 });
    await settle();
    expect(told().length).toBe(1_000_001);
  });

  it("tells numbers without words", async () => {
    const { queue, recorded } = setUp();
    queue.add({ progress: 1, total: 3 });
    await queue.drain();
    expect(recorded).toMatchObject([{ channel: "progress", chunk: "", progress: 1, total: 3 }]);
  });

  it("records one after the other, and nothing after a failure", async () => {
    const { queue, recorded } = setUp(({ chunk }) =>
      chunk.includes("b") ? Promise.reject(new Error("fenced off")) : Promise.resolve(),
    );
    queue.add({ message: "a", progress: 1 });
    await new Promise(setImmediate);
    queue.add({ message: "b", progress: 2 });
    queue.add({ message: "c", progress: 3 });
    await expect(queue.drain()).rejects.toThrow("fenced off");
    expect(recorded.map(({ chunk }) => chunk)).toEqual(["a"]);
  });

  it("records nothing more once it is stopped", async () => {
    const { queue, recorded, settle } = setUp();
    queue.add({ message: "a", progress: 1 });
    await settle();
    queue.add({ message: "b", progress: 2 });
    queue.stop();
    await settle();
    expect(recorded.map(({ chunk }) => chunk)).toEqual(["a"]);
  });
});

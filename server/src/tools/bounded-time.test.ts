import { describe, expect, it } from "vitest";
import { TookTooLong, withinTime } from "./bounded-time.ts";

const LIMIT_MS = 20;

describe("withinTime", () => {
  it("gives what the work gives", () => {
    expect(withinTime(LIMIT_MS, () => "done")).toBe("done");
  });

  it("throws what the work throws", () => {
    const error = new Error("of its own");
    expect(() =>
      withinTime(LIMIT_MS, () => {
        throw error;
      }),
    ).toThrow(error);
  });

  it("ends work that keeps the processor busy", () => {
    expect(() =>
      withinTime(LIMIT_MS, () => {
        while (performance.now() > 0);
      }),
    ).toThrow(TookTooLong);
  });

  it("gives work another chance that had the processor for hardly any of its time", () => {
    let tries = 0;
    const work = (): string => {
      tries += 1;
      // As on a machine that is busy with something else.
      if (tries < 3) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10_000);
      return "done";
    };
    expect(withinTime(LIMIT_MS, work)).toBe("done");
    expect(tries).toBe(3);
  });

  it("gives up in the end, also when the processor was never had", () => {
    const work = (): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10_000);
    expect(() => withinTime(1, work)).toThrow(TookTooLong);
  });
});

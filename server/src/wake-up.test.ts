import { describe, expect, it } from "vitest";
import { WakeUp } from "./wake-up.ts";

const NEVER_MS = 2 ** 31 - 1;

describe("WakeUp", () => {
  it("wakes everybody who waits", async () => {
    const wakeUp = new WakeUp();
    const waiting = [wakeUp.after(0, NEVER_MS), wakeUp.after(0, NEVER_MS)];
    wakeUp.raise();
    expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
  });

  it("is not missed by who looked before it was raised and waits after", async () => {
    const wakeUp = new WakeUp();
    const seen = wakeUp.count;
    wakeUp.raise();
    await expect(wakeUp.after(seen, NEVER_MS)).resolves.toBeUndefined();
  });

  it("does not wait longer than it was told", async () => {
    const wakeUp = new WakeUp();
    await expect(wakeUp.after(0, 1)).resolves.toBeUndefined();
    expect(wakeUp.count).toBe(0);
  });

  it("calls listeners until they stop", () => {
    const wakeUp = new WakeUp();
    const heard: string[] = [];
    const stop = wakeUp.listen(() => heard.push("one"));
    wakeUp.listen(() => heard.push("two"));
    wakeUp.raise();
    stop();
    wakeUp.raise();
    expect(heard).toEqual(["one", "two", "two"]);
  });
});

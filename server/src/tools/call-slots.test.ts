import { describe, expect, it } from "vitest";
import { CallSlots } from "./call-slots.ts";

const never = new AbortController().signal;

describe("CallSlots", () => {
  it("lets the limit run, and the others in their order", async () => {
    const slots = new CallSlots(2);
    const order: number[] = [];
    const take = async (n: number): Promise<Disposable> => {
      const slot = await slots.take(never);
      order.push(n);
      return slot;
    };
    const [first, second] = await Promise.all([take(1), take(2)]);
    const third = take(3);
    const fourth = take(4);
    expect(order).toEqual([1, 2]);
    second[Symbol.dispose]();
    const thirdSlot = await third;
    expect(order).toEqual([1, 2, 3]);
    first[Symbol.dispose]();
    thirdSlot[Symbol.dispose]();
    await fourth;
    expect(order).toEqual([1, 2, 3, 4]);
  });

  it("lets who waits give up, without losing the slot", async () => {
    const slots = new CallSlots(1);
    const first = await slots.take(never);
    const abort = new AbortController();
    const second = slots.take(abort.signal);
    const third = slots.take(never);
    abort.abort(new Error("cancelled"));
    await expect(second).rejects.toThrow("cancelled");
    first[Symbol.dispose]();
    await third;
  });

  it("gives nothing to who has given up already", async () => {
    const slots = new CallSlots(1);
    await expect(slots.take(AbortSignal.abort(new Error("cancelled")))).rejects.toThrow("cancelled");
    await slots.take(never);
  });
});

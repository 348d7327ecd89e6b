import { expect } from "@open-wc/testing";
import { scheduleFrame } from "./frame-scheduler.ts";

describe("scheduleFrame", () => {
  it("calls back once, whichever of frame and timer comes first", async () => {
    let calls = 0;
    await new Promise<void>((resolve) => {
      scheduleFrame(() => {
        calls += 1;
        resolve();
      });
    });
    await new Promise<void>((resolve) => {
      scheduleFrame(resolve);
    });
    expect(calls).to.equal(1);
  });

  it("does not call back when taken back", async () => {
    let calls = 0;
    const cancel = scheduleFrame(() => {
      calls += 1;
    });
    cancel();
    await new Promise<void>((resolve) => {
      scheduleFrame(resolve);
    });
    expect(calls).to.equal(0);
  });

  it("does without frames, as a page in the background must", async () => {
    const { requestAnimationFrame } = window;
    window.requestAnimationFrame = () => 0;
    try {
      await new Promise<void>((resolve) => {
        scheduleFrame(resolve);
      });
    } finally {
      window.requestAnimationFrame = requestAnimationFrame;
    }
  });
});

import { describe, expect, it } from "vitest";
import { ReconnectPolicy } from "./reconnect-policy.ts";

function policy(restartsPerMinute: number, random = 1): { policy: ReconnectPolicy; clock: { nowMs: number } } {
  const clock = { nowMs: 1_000_000 };
  return { policy: new ReconnectPolicy({ restartsPerMinute, now: () => clock.nowMs, random: () => random }), clock };
}

/** How long it takes until the next attempt is allowed, to the millisecond. */
function wait({ policy: tested, clock }: ReturnType<typeof policy>): number {
  const startMs = clock.nowMs;
  while (!tested.mayTry()) clock.nowMs += 1;
  return clock.nowMs - startMs;
}

describe("ReconnectPolicy", () => {
  it("doubles the pause with every failure, up to half a minute", () => {
    const tested = policy(Number.POSITIVE_INFINITY);
    const pauses = Array.from({ length: 10 }, () => {
      tested.policy.trying();
      tested.policy.failed();
      return wait(tested);
    });
    expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it("spreads the pause down to its half", () => {
    const tested = policy(Number.POSITIVE_INFINITY, 0);
    tested.policy.trying();
    tested.policy.failed();
    expect(wait(tested)).toBe(125);
  });

  it("comes back at once when a server that worked is lost", () => {
    const tested = policy(3);
    tested.policy.trying();
    tested.policy.connected();
    tested.clock.nowMs += 10_000;
    tested.policy.failed();
    expect(wait(tested)).toBe(0);
  });

  it("counts a server that dies soon as failing", () => {
    const tested = policy(Number.POSITIVE_INFINITY);
    const pauses = Array.from({ length: 3 }, () => {
      tested.policy.trying();
      tested.policy.connected();
      tested.clock.nowMs += 9_999;
      tested.policy.failed();
      return wait(tested);
    });
    expect(pauses).toEqual([250, 500, 1_000]);
  });

  it("restarts a server three times a minute, not more", () => {
    const tested = policy(3);
    for (let start = 0; start < 4; start += 1) {
      expect(tested.policy.mayTry()).toBe(true);
      tested.policy.trying();
    }
    expect(wait(tested)).toBe(60_000);
  });
});

import { expect } from "@open-wc/testing";
import type { UsageResponse, UsageTotals } from "../protocol/index.ts";
import { BudgetWatch } from "./budget-watch.ts";

function totals(limit: number, resetsAt = "2026-11-22T00:00:00Z"): UsageTotals {
  return { used: 0, reserved: 0, limit, resets_at: resetsAt };
}

const LIMITS: UsageResponse = { user: totals(1_000), organization: totals(10_000) };
const NOON = Date.parse("2026-11-21T12:00:00Z");

describe("BudgetWatch", () => {
  const cases: [title: string, user: number, organization: number, fraction: number | null][] = [
    ["says nothing while there is enough", 200, 10_000, null],
    ["tells what is left of the person's limit", 199, 10_000, 0.199],
    ["tells what is left of the organization's limit where that is less", 900, 1_000, 0.1],
    ["never tells less than nothing", -5, 10_000, 0],
  ];
  for (const [title, user, organization, fraction] of cases) {
    it(title, async () => {
      const watch = new BudgetWatch(
        async () => LIMITS,
        () => NOON,
      );
      expect((await watch.weigh({ user, organization }))?.fraction ?? null).to.equal(fraction);
    });
  }

  it("asks for the limits once a day", async () => {
    let [asked, now] = [0, NOON];
    const load = async (): Promise<UsageResponse> => {
      asked += 1;
      return {
        user: totals(1_000, asked === 1 ? "2026-11-22T00:00:00Z" : "2026-11-23T00:00:00Z"),
        organization: totals(1),
      };
    };
    const watch = new BudgetWatch(load, () => now);
    await watch.weigh({ user: 1, organization: 1 });
    await watch.weigh({ user: 1, organization: 1 });
    expect(asked).to.equal(1);
    now += 86_400_000;
    const budget = await watch.weigh({ user: 1, organization: 1 });
    expect(asked).to.equal(2);
    expect(budget?.resetsAt.toISOString()).to.equal("2026-11-23T00:00:00.000Z");
  });
});

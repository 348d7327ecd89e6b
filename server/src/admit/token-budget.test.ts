import type { LimitType } from "@chat-bot/widget/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { anOwner, NOW_MS } from "../../test/records.ts";
import { seededRandom } from "../../test/seeded-random.ts";
import type { Owner } from "../store/identity.ts";
import { openSqlite } from "../store/sql/open-sqlite.ts";
import { createSqlStore } from "../store/sql/sql-store.ts";
import type { Store, UsageBalance } from "../store/store.ts";
import {
  createTokenBudget,
  grantTokens,
  type TokenBudget,
  type TokenLimits,
  type WantedTokens,
} from "./token-budget.ts";

const LIMITS: TokenLimits = { user: 1000, organization: 2000, global: 3000 };

function balances(user: number, organization: number, global: number, reserved = 0): UsageBalance[] {
  const of = (type: LimitType, used: number): UsageBalance => ({ scope: { type, id: "" }, used, reserved });
  return [of("user", user), of("organization", organization), of("global", global)];
}

describe("grantTokens", () => {
  it.each<[string, UsageBalance[], number, number, number]>([
    ["all that is wanted", balances(0, 0, 0), 100, 400, 400],
    ["what the user has left", balances(700, 0, 0), 100, 400, 200],
    ["what the organization has left", balances(0, 1700, 0), 100, 400, 200],
    ["what is left in total", balances(0, 0, 2700), 100, 400, 200],
    ["the least of what is left", balances(700, 1750, 2790), 100, 400, 110],
    ["what others have not reserved", balances(0, 0, 0, 700), 100, 400, 200],
    ["the last token", balances(899, 0, 0), 100, 400, 1],
    ["exactly what is wanted when exactly that is left", balances(500, 0, 0), 100, 400, 400],
  ])("gives %s", (_title, held, input, output, maxOutputTokens) => {
    expect(grantTokens(held, LIMITS, { input, output })).toEqual({ status: "granted", maxOutputTokens });
  });

  it.each<[string, UsageBalance[], LimitType]>([
    ["the user's, first of all", balances(1000, 2000, 3000), "user"],
    ["the organization's, before the total", balances(0, 2000, 3000), "organization"],
    ["the total", balances(0, 0, 3000), "global"],
    ["the user's, where only the input would fit", balances(900, 0, 0), "user"],
    ["the organization's, because of what is reserved", balances(0, 1500, 0, 400), "organization"],
    ["the user's, when it was lowered below what is used", balances(5000, 0, 0), "user"],
  ])("names the limit that leaves no room: %s", (_title, held, type) => {
    const result = grantTokens(held, LIMITS, { input: 100, output: 400 });
    expect(result).toMatchObject({ status: "exceeded", balance: { scope: { type } } });
  });
});

describe("TokenBudget", () => {
  let store: Store;
  let nowMs: number;
  beforeEach(async () => {
    store = await createSqlStore(openSqlite(":memory:"));
    nowMs = NOW_MS;
  });
  afterEach(() => store.close());

  function budget(limits: Partial<TokenLimits> = {}): TokenBudget {
    const all = { ...LIMITS, ...limits };
    return createTokenBudget(store, { limitsOf: () => all, cacheReadWeight: 0.1, now: () => nowMs });
  }

  const want = (input: number, output: number): WantedTokens => ({ turnId: "turn_1", fence: null, input, output });

  it("books the input and the output that may come, on all three", async () => {
    const tokens = budget();
    const granted = await tokens.reserve(anOwner(), want(100, 400));
    expect(granted).toMatchObject({ maxOutputTokens: 400, reservation: { tokens: 500, estimatedInputTokens: 100 } });
    const usage = await tokens.usage(anOwner());
    expect([usage.user.reserved, usage.organization.reserved, usage.global.reserved]).toEqual([500, 500, 500]);
    expect(await tokens.remaining(anOwner())).toEqual({ user: 500, organization: 1500 });
    await store.settle(granted.reservation.id, 150);
    expect(await tokens.usage(anOwner())).toMatchObject({ user: { used: 150, reserved: 0, limit: 1000 } });
  });

  it("refuses with the limit, what is used, and when it starts anew", async () => {
    const tokens = budget();
    const { reservation } = await tokens.reserve(anOwner(), want(100, 900));
    await store.settle(reservation.id, 950);
    await expect(tokens.reserve(anOwner(), want(100, 400))).rejects.toMatchObject({
      code: "limit_exceeded",
      status: 429,
      retryAfterSeconds: 43_200,
      details: { limit_type: "user", limit: 1000, used: 950, resets_at: "2026-11-06T00:00:00.000Z" },
    });
  });

  it("starts anew at midnight UTC, not a moment before", async () => {
    const tokens = budget();
    const { reservation } = await tokens.reserve(anOwner(), want(100, 900));
    await store.settle(reservation.id, 1000);
    nowMs = Date.parse("2026-11-05T23:59:59.999Z");
    await expect(tokens.reserve(anOwner(), want(1, 1))).rejects.toMatchObject({ retryAfterSeconds: 1 });
    nowMs += 1;
    await expect(tokens.reserve(anOwner(), want(1, 1))).resolves.toMatchObject({ maxOutputTokens: 1 });
  });

  it("counts on the day that was reserved, when a call lasts over midnight", async () => {
    const tokens = budget();
    const { reservation } = await tokens.reserve(anOwner(), want(100, 400));
    nowMs += 86_400_000;
    await store.settle(reservation.id, 500);
    expect((await tokens.usage(anOwner())).user.used).toBe(0);
    nowMs -= 86_400_000;
    expect((await tokens.usage(anOwner())).user.used).toBe(500);
  });

  it.each<[string, Partial<Owner>, number[]]>([
    ["another user of the organization", { user: "bob" }, [0, 500, 500]],
    ["another organization", { organization: "other" }, [0, 0, 500]],
    ["the same names at another issuer", { issuer: "https://other.example" }, [0, 0, 500]],
  ])("counts for %s what they share", async (_title, changes, expected) => {
    const tokens = budget();
    await tokens.reserve(anOwner(), want(100, 400));
    const { user, organization, global } = await tokens.usage(anOwner(changes));
    expect([user.reserved, organization.reserved, global.reserved]).toEqual(expected);
  });

  it("has never less than nothing left", async () => {
    const { reservation } = await budget().reserve(anOwner(), want(100, 900));
    await store.settle(reservation.id, 1000);
    expect(await budget({ user: 10, organization: 10 }).remaining(anOwner())).toEqual({ user: 0, organization: 0 });
  });

  it.each([
    [{ input_tokens: 10, output_tokens: 20, cache_read_input_tokens: 0, cache_creation_input_tokens: 5 }, 35],
    [{ input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 1000, cache_creation_input_tokens: 0 }, 100],
    [{ input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 1, cache_creation_input_tokens: 0 }, 1],
  ])("counts %j as %i", (usage, tokens) => {
    expect(budget().count(usage)).toBe(tokens);
  });

  it.each([1, 2, 3])(
    "is never passed by two hundred callers at the same time, and gives all back (%i)",
    async (seed) => {
      const random = seededRandom(seed);
      const tokens = budget({ user: 4000, organization: 6000, global: 9000 });
      const owners = ["a", "b", "c"].flatMap((organization) =>
        ["u", "v"].map((user) => anOwner({ organization, user })),
      );
      let granted = 0;
      let refused = 0;
      const call = async (): Promise<void> => {
        const owner = owners[Math.floor(random() * owners.length)] ?? anOwner();
        const wanted = want(Math.ceil(random() * 200), Math.ceil(random() * 400));
        try {
          const { reservation, maxOutputTokens } = await tokens.reserve(owner, wanted);
          granted += 1;
          await expectWithin(tokens, owner);
          await store.settle(reservation.id, Math.floor(random() * (wanted.input + maxOutputTokens + 1)));
        } catch (error) {
          expect(error).toMatchObject({ code: "limit_exceeded" });
          refused += 1;
        }
      };
      await Promise.all(Array.from({ length: 200 }, call));
      expect(granted + refused).toBe(200);
      expect(refused).toBeGreaterThan(0);
      for (const owner of owners) {
        const { user, organization, global } = await tokens.usage(owner);
        expect([user.reserved, organization.reserved, global.reserved]).toEqual([0, 0, 0]);
        await expectWithin(tokens, owner);
      }
    },
  );

  async function expectWithin(tokens: TokenBudget, owner: Owner): Promise<void> {
    for (const { used, reserved, limit } of Object.values(await tokens.usage(owner))) {
      expect(used + reserved).toBeLessThanOrEqual(limit);
    }
  }
});

import { expect, test } from "vitest";
import { ANCHORED_RULE, ruleSource } from "./anchored-rule.ts";

test.each([/^a/, /^a|^b/i, /^(?:a|b)/, /^[|(]a/, /^\|a/])("%s is anchored", (pattern) => {
  expect(ruleSource(pattern)).toBe(`new AnchoredRule(${pattern}y)`);
});

test.each([/a/, /^a|b/, /(^a)/, /^a/g, /^a/m, /^[(]|b/, /^\(|b/])("%s stays as it is", (pattern) => {
  expect(ruleSource(pattern)).toBe(String(pattern));
});

test("an anchored rule matches alike, time after time, and only at the beginning", async () => {
  const source = `${ANCHORED_RULE}export const rule = ${ruleSource(/^a(b)?/i)};`;
  const { rule }: { rule: RegExp } = await import(
    /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(source)}`
  );
  for (let time = 0; time < 2; time += 1) {
    expect([...(rule.exec("ABab") ?? [])]).toEqual(["AB", "B"]);
    expect(rule.test("ab")).toBe(true);
    expect(rule.exec("ba")).toBe(null);
  }
});

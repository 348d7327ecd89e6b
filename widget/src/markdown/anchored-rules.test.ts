import { expect } from "@open-wc/testing";
import { anchorRules } from "./anchored-rules.ts";

function anchor(pattern: RegExp): RegExp {
  return anchorRules({ pattern }).pattern;
}

describe("anchorRules", () => {
  for (const pattern of [/^a/, /^a|^b/i, /^(?:a|b)/, /^[|(]a/, /^\|a/]) {
    it(`anchors ${pattern}`, () => expect(anchor(pattern).sticky).to.equal(true));
  }

  for (const pattern of [/a/, /^a|b/, /(^a)/, /^a/g, /^a/m, /^[(]|b/, /^\(|b/]) {
    it(`leaves ${pattern} as it is`, () => expect(anchor(pattern)).to.equal(pattern));
  }

  it("matches alike, time after time, and only at the beginning", () => {
    const rule = anchor(/^a(b)?/i);
    for (let time = 0; time < 2; time += 1) {
      expect([...(rule.exec("ABab") ?? [])]).to.deep.equal(["AB", "B"]);
      expect(rule.test("ab")).to.equal(true);
      expect(rule.exec("ba")).to.equal(null);
    }
  });
});

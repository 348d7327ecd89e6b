import type { ApprovalRule } from "@chat-bot/widget/protocol";
import { describe, expect, it } from "vitest";
import { aTool } from "../../test/handmade-tools.ts";
import { mayBeRemembered, needsApproval } from "./needs-approval.ts";

describe("needsApproval", () => {
  const cases: [
    title: string,
    approval: ApprovalRule,
    trusted: boolean,
    readOnlyHint: boolean | undefined,
    asks: boolean,
  ][] = [
    ["asks when the rule says always, even for a trusted read-only tool", "always", true, true, true],
    ["does not ask when the rule says never, even for an unknown server", "never", false, false, false],
    ["does not ask for a read-only tool of a trusted server", "auto", true, true, false],
    ["does not believe the hint of a server nobody vouches for", "auto", false, true, true],
    ["asks when a trusted server says that the tool writes", "auto", true, false, true],
    ["asks when a trusted server says nothing", "auto", true, undefined, true],
    ["asks when nothing is known", "auto", false, undefined, true],
  ];
  it.each(cases)("%s", (_title, approval, trusted, readOnlyHint, asks) => {
    const annotations = readOnlyHint === undefined ? {} : { readOnlyHint };
    const tool = { ...aTool("bank__pay"), rule: { permissions: [], approval }, trusted, annotations };
    expect(needsApproval(tool, [])).toBe(asks);
  });

  const pay = { ...aTool("bank__pay"), rule: { permissions: [], approval: "always", remember: true } as const };
  const remembered = { name: pay.name, title: pay.title, fingerprint: pay.fingerprint, decidedAt: "" };
  it.each([
    ["does not ask again for what is remembered", pay, remembered, false],
    ["asks for another tool", pay, { ...remembered, name: "bank__charge" }, true],
    ["asks when the tool has changed", pay, { ...remembered, fingerprint: "0" }, true],
    ["asks when the rule has been withdrawn", { ...pay, rule: { ...pay.rule, remember: false } }, remembered, true],
    ["asks when the tool destroys", { ...pay, annotations: { destructiveHint: true } }, remembered, true],
  ])("%s", (_title, tool, approval, asks) => {
    expect(needsApproval(tool, [approval])).toBe(asks);
  });
});

describe("mayBeRemembered", () => {
  it.each([
    ["not unless the rule allows it", undefined, {}, false],
    ["not where the rule forbids it", false, {}, false],
    ["where the rule allows it", true, {}, true],
    ["where the rule allows it and the tool only adds", true, { destructiveHint: false }, true],
    ["never for a tool that says it destroys", true, { destructiveHint: true }, false],
  ])("%s", (_title, remember, annotations, may) => {
    expect(mayBeRemembered({ rule: { permissions: [], approval: "always", remember }, annotations })).toBe(may);
  });
});

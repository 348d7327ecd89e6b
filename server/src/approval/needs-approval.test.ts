import type { ApprovalRule } from "@chat-bot/widget/protocol";
import { describe, expect, it } from "vitest";
import { needsApproval } from "./needs-approval.ts";

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
    expect(needsApproval({ rule: { permissions: [], approval }, trusted, annotations })).toBe(asks);
  });
});

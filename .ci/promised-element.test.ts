import { expect, test } from "vitest";
import { brokenPromises } from "./promised-element.ts";

const named = (names: string): { name: string; description: string }[] =>
  names.split(" ").map((name) => ({ name, description: "what it is" }));

const FIELDS =
  "endpoint token tokenUrl mode position open colorScheme heading greeting placeholder conversationId persist tokenProvider suggestions strings page";
const METHODS = "show hide toggle send cancel newConversation approve deny";

const ELEMENT = {
  tagName: "chat-bot",
  attributes: named(
    "endpoint token token-url mode position open color-scheme lang heading greeting placeholder conversation-id persist",
  ),
  members: [
    ...named(FIELDS).map((member) => ({ ...member, kind: "field" })),
    ...named(METHODS).map((member) => ({ ...member, kind: "method" })),
  ],
  events: named(
    "chat-bot-open chat-bot-close chat-bot-message chat-bot-tool-request chat-bot-tool-result chat-bot-turn-end chat-bot-error chat-bot-link",
  ),
  slots: named("launcher header empty footer"),
  cssParts: named("panel"),
  cssProperties: named("--chat-bot-accent"),
};

function problemsOf(change: Partial<typeof ELEMENT>): string[] {
  return brokenPromises({ modules: [{}, { declarations: [{ ...ELEMENT, ...change }] }] });
}

test("an element with every promised name keeps its promises", () => {
  expect(problemsOf({})).toEqual([]);
});

test.each([
  ["an attribute", { attributes: ELEMENT.attributes.slice(1) }, "The attribute endpoint is promised"],
  ["a property", { members: ELEMENT.members.filter(({ name }) => name !== "tokenUrl") }, "The property tokenUrl"],
  ["a method", { members: ELEMENT.members.filter(({ name }) => name !== "deny") }, "The method deny is promised"],
  ["an event", { events: ELEMENT.events.slice(1) }, "The event chat-bot-open is promised"],
  ["a slot", { slots: ELEMENT.slots.slice(1) }, "The slot launcher is promised"],
  ["every part", { cssParts: [] }, "The element has no CSS part"],
  ["every custom property", { cssProperties: [] }, "The element has no --chat-bot-* property"],
  ["a description", { slots: [...ELEMENT.slots, { name: "aside", description: "" }] }, "aside is listed without"],
])("an element that lacks %s is found out", (_title, change, start) => {
  const problems = problemsOf(change);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(start);
});

test("a method that is private keeps no promise", () => {
  const members = ELEMENT.members.map((member) =>
    member.name === "send" ? { ...member, privacy: "private" } : member,
  );
  expect(problemsOf({ members })).toEqual(["The method send is promised and not in the manifest."]);
});

test("a manifest without the element is refused", () => {
  expect(brokenPromises({ modules: [] })).toHaveLength(1);
});

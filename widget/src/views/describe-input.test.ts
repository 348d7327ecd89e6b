import { expect } from "@open-wc/testing";
import type { ToolInput } from "../protocol/index.ts";
import { describeInput, type InputView, isDestructive } from "./describe-input.ts";

const PATH = { name: "path", value: "a.txt" };

describe("describeInput", () => {
  const cases: [title: string, toolName: string, input: ToolInput, expected: InputView][] = [
    ["no input", "t", {}, { type: "none" }],
    ["nested input", "t", { ids: [1] }, { type: "fields", fields: [{ name: "ids", value: [1] }] }],
    [
      "input in fields",
      "t",
      { path: "a.txt", size: 3, deep: false, mode: null },
      {
        type: "fields",
        fields: [PATH, { name: "size", value: 3 }, { name: "deep", value: false }, { name: "mode", value: null }],
      },
    ],
    [
      "a new file",
      "workspace__write_file",
      { path: "a.txt", content: "x" },
      { type: "file", fields: [PATH], content: "x", writes: "new" },
    ],
    [
      "a file that replaces another",
      "workspace__write_file",
      { path: "a.txt", content: "x", overwrite: true },
      { type: "file", fields: [PATH, { name: "overwrite", value: true }], content: "x", writes: "replaces" },
    ],
    [
      "a file written by a tool that is not ours",
      "files__write_file",
      { path: "a.txt", content: "x", mode: 644 },
      { type: "file", fields: [PATH, { name: "mode", value: 644 }], content: "x", writes: null },
    ],
    [
      "a change of a file",
      "workspace__edit_file",
      { path: "a.txt", old_text: "a", new_text: "b", all: true },
      { type: "edit", fields: [PATH, { name: "all", value: true }], before: "a", after: "b" },
    ],
    [
      "a change that also has content",
      "t",
      { path: "a.txt", old_text: "a", new_text: "b", content: "c" },
      { type: "edit", fields: [PATH, { name: "content", value: "c" }], before: "a", after: "b" },
    ],
    [
      "a file with nested input",
      "t",
      { path: "a.txt", content: "x", tags: ["b"] },
      { type: "file", fields: [PATH, { name: "tags", value: ["b"] }], content: "x", writes: null },
    ],
    [
      "content that is no text",
      "t",
      { path: "a.txt", content: 1 },
      { type: "fields", fields: [PATH, { name: "content", value: 1 }] },
    ],
  ];
  for (const [title, toolName, input, expected] of cases) {
    it(`knows ${title}`, () => {
      expect(describeInput(toolName, input)).to.deep.equal(expected);
    });
  }
});

describe("isDestructive", () => {
  const file = { path: "a.txt", content: "x" };
  const cases: [title: string, toolName: string, input: ToolInput, hint: boolean, expected: boolean][] = [
    ["says what the tool says", "t", {}, true, true],
    ["takes a tool that says nothing for harmless", "t", {}, false, false],
    ["knows that our own tool loses nothing by a new file", "workspace__write_file", file, true, false],
    ["knows that it does by overwriting", "workspace__write_file", { ...file, overwrite: true }, true, true],
    ["does not trust other tools in that", "files__write_file", file, true, true],
  ];
  for (const [title, toolName, input, destructiveHint, expected] of cases) {
    it(title, () => {
      expect(isDestructive(toolName, input, { destructiveHint })).to.equal(expected);
    });
  }
});

import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { logLine } from "./log-line.ts";

describe("logLine", () => {
  it.each([
    ["plain text", "plain text"],
    ['{"url":"http://127.0.0.1:1"}', '{"url":"http://127.0.0.1:1"}'],
    ['{"level":30,"time":1,"pid":2,"hostname":"h","msg":"listening","url":"u"}', 'info listening url="u"'],
    ['{"level":"warn","msg":"careful"}', "warn careful"],
    ['{"level":30,"msg":', '{"level":30,"msg":'],
    ["", ""],
  ])("makes %j readable", (line, text) => {
    expect(stripVTControlCharacters(logLine("server", line))).toBe(`server  │ ${text}`);
  });
});

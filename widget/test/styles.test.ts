// The panel has to be right in both writing directions: its styles know start and end, never left and right.

import { glob, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const SOURCES = fileURLToPath(new URL("../src/", import.meta.url));
const files = (await Array.fromAsync(glob("**/*.styles.ts", { cwd: SOURCES }))).toSorted();

/** Declarations that mean one side of the screen, whichever way the text runs. */
function physicalDeclarations(source: string): string[] {
  const css = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/env\([^)]*\)/g, "0");
  const declarations = css.match(/[\w-]+\s*:[^;{}]+(?=[;}])/g) ?? [];
  return declarations.map((declaration) => declaration.replace(/\s+/g, " ")).filter(isPhysical);
}

function isPhysical(declaration: string): boolean {
  const [property = "", value = ""] = declaration.split(/:(.*)/s).map((text) => text.trim());
  if (property.startsWith("--")) return false;
  if (/\b(?:left|right)\b/.test(property) || /(?<![\w-])(?:left|right)(?![\w-])/.test(value)) return true;
  if (!/^(?:margin|padding|inset|border-width|border-style|border-color)$/.test(property)) return false;
  const [, end, , start] = sides(value);
  return start !== undefined && start !== end;
}

/** The values of a shorthand; a function counts as one. */
function sides(value: string): string[] {
  let depth = 0;
  let current = "";
  const found: string[] = [];
  for (const character of `${value} `) {
    if (character === "(") depth += 1;
    if (character === ")") depth -= 1;
    if (character === " " && depth === 0) {
      if (current !== "") found.push(current);
      current = "";
    } else {
      current += character;
    }
  }
  return found;
}

test("the style files are found", () => {
  expect(files).toContain("chat-bot.styles.ts");
  expect(files.length).toBeGreaterThan(5);
});

test.each(files)("%s works in both writing directions", async (file) => {
  expect(physicalDeclarations(await readFile(SOURCES + file, "utf8"))).toEqual([]);
});

test.each([
  "a { margin-left: 1px; }",
  "a { text-align: right; }",
  "a { padding: 1px 2px 3px 4px; }",
  "a { inset: 0 auto auto calc(1px + 2px); }",
  "a { border-right: 0; }",
  "a { float: left }",
])("finds %s", (css) => {
  expect(physicalDeclarations(css)).toHaveLength(1);
});

test.each([
  "a { margin: 0 auto 10px; }",
  "a { padding: 1px 2px 3px 2px; }",
  "a { inset-inline-end: 0; }",
  "a { padding-inline: max(env(safe-area-inset-left), 1px); }",
  ".align-right { text-align: end; }",
])("leaves %s", (css) => {
  expect(physicalDeclarations(css)).toEqual([]);
});

/**
 * Of marked only the lexer is used, and always with the same options. Its one file is reduced to that: options become
 * constants, sets of rules for other dialects go, the rules left stand as literals (see anchored-rule.ts), and names that
 * nobody outside uses are shortened. What it makes of a text stays the same, token by token: see slim-marked.test.ts.
 */
import { transform } from "esbuild";
import type { Plugin } from "rollup";
import { ANCHORED_RULE, ruleSource } from "./anchored-rule.ts";

type Rules = Record<string, RegExp | { exec(): null } | ((...values: never[]) => RegExp)>;

/** The rules in use, in marked's three groups. */
export interface LexerRules {
  other: Rules;
  block: Rules;
  inline: Rules;
}

/** Names that are the lexer's own affair: no token has a member of this name. */
const INTERNAL_NAMES = [
  "blockTokens|inlineTokens|inline|inlineQueue|inlineText|lexer|tokenizer|lastToken|src|linkEmitted|linkInText",
  "linkParenPossible|maskedSrc|infiniteLoopError|emStrong|codespan|lastPossibleEmStrongCloserIndex",
  "lastPossibleDelCloserIndex|blockquote|fences|lheading|reflink|paragraph",
].join("|");

/** Behind the lexer come the renderers, the parser and a default instance that keeps them all. */
const BEHIND_THE_LEXER = /\bvar \w+=class\{options;parser;[\s\S]*export\{[\s\S]*?(\w+ as Lexer)[\s\S]*$/;

const OPTIONS: readonly [RegExp, string][] = [
  [/this\.options\.(?:pedantic|breaks|silent)\b/g, "!1"],
  [/this\.options\.gfm\b/g, "!0"],
  [/this\.options\.extensions\?\.(?:block|inline)\?\.some\(\w+=>\(\w+=[^)]*\)\)\?[^?]*:!1\)/g, "!1"],
  [/this\.options\.extensions\?\.(?:startBlock|startInline)/g, "!1"],
  [/this\.options\.extensions\.(?:startBlock|startInline)/g, "[]"],
  [/this\.options\.hooks\?\.emStrongMask\?\.call\(\{lexer:this\},(\w+)\)\?\?\1/g, "$1"],
  [/this\.options\.hooks\?\.emStrongMask/g, "!1"],
  // Whether somebody has put a tokenizer of their own in place of marked's.
  [/this\.tokenizer\.(\w+)(!==|===)\w+\.prototype\.\1/g, "0$20"],
  [/this\.options=\w+\|\|\w+,this\.options\.tokenizer=this\.options\.tokenizer\|\|(new \w+),/, "this.tokenizer=$1,"],
  [/this\.tokenizer=this\.options\.tokenizer,this\.tokenizer\.options=this\.options,/, ""],
  [/constructor\(\w+\)\{this\.options=\w+\|\|\w+\}/, ""],
  [
    /static get rules\(\)\{return\{block:\w+,inline:\w+\}\}static lex\([\s\S]*?\}static lexInline\([\s\S]*?\}(?=lex\()/,
    "",
  ],
  [/let \w+=\{other:\w+,block:\w+\.normal,inline:\w+\.normal\};[\s\S]*?this\.tokenizer\.rules=\w+(?=\})/, ""],
];

/** Where the sets of rules end and the functions begin. */
const RULE_SETS = /\w+=\{normal:\w+,gfm:\w+,pedantic:\w+\},\w+=\{normal:\w+,gfm:\w+,breaks:\w+,pedantic:\w+\};/;

/** Reduces marked's file. Throws when marked has changed so that it is not recognised. */
export async function slimMarkedLexer(code: string, rules: LexerRules): Promise<string> {
  let slim = replace(code, BEHIND_THE_LEXER, "export{$1};");
  for (const [before, after] of OPTIONS) slim = replace(slim, before, after);
  slim = withLiteralRules(slim, rules);
  const left = /[\w.]*\.options\b|[\w.]*\.rules\b/.exec(slim);
  if (left !== null) throw new Error(`marked has changed: "${left[0]}" is still in it.`);
  const mangleProps = new RegExp(`^(?:${INTERNAL_NAMES})$`);
  const { code: minified } = await transform(slim, { format: "esm", target: "es2022", minify: true, mangleProps });
  return minified;
}

/** marked puts its rules together when it is loaded. Here each stands as the regular expression it comes to. */
function withLiteralRules(code: string, rules: LexerRules): string {
  const sets = RULE_SETS.exec(code);
  if (sets === null) throw new Error("marked has changed: its sets of rules were not found.");
  const head = code.slice(0, sets.index);
  const used = new Map<string, string>();
  const nameOf = (group: keyof LexerRules, key: string): string => {
    const name = `${group}$${key}`;
    const rule = rules[group][key];
    if (rule === undefined) throw new Error(`marked has changed: it has no rule ${group}.${key}.`);
    used.set(name, typeof rule === "function" ? sourceOf(head, key) : literalOf(rule));
    return name;
  };
  const other = capture(head, /,(\w+)=\{codeRemoveIndent:/);
  const functions = `var ${code.slice(sets.index + sets[0].length).replace(/^var /, "")}`
    .replace(/\blet\{((?:\w+:\w+,?)+)\}=this\.tokenizer\.rules\.inline\b/g, (_, pairs: string) => {
      const held = pairs.split(",").map((pair) => pair.split(":"));
      return `let ${held.map(([key = "", name]) => `${name}=${nameOf("inline", key)}`).join()}`;
    })
    .replace(/(?:[\w$]+\.)+(other|block|inline)\.(\w+)/g, (_, group: keyof LexerRules, key: string) =>
      nameOf(group, key),
    )
    .replaceAll(new RegExp(`\\b${other}\\.(\\w+)`, "g"), (_, key: string) => nameOf("other", key))
    .replace(/\bthis\.rules\b/g, "0")
    .replace(/options;rules;lexer;|tokens;options;state;/g, "");
  const tags = capture(head, /((\w+)="address\|[^"]*")/);
  const cache = capture(head, /;?(function \w+\(\w+\)\{let \w+=\[\];return \w+=>\{[\s\S]*?\}\})/);
  const literals = [...used].map(([name, source]) => `${name}=${source}`);
  return `${ANCHORED_RULE}${cache}const ${[tags, ...literals].join()};${functions}`;
}

function literalOf(rule: RegExp | { exec(): null }): string {
  return rule instanceof RegExp ? ruleSource(rule) : "{exec:()=>null}";
}

/** Rules that depend on an indentation are functions, and are taken as they are written. */
function sourceOf(head: string, key: string): string {
  return capture(head, new RegExp(`\\b${key}:((?:\\w\\()?\\w=>new RegExp\\(\`[\\s\\S]*?\`(?:,"i")?\\)\\)?)[,}]`));
}

function capture(code: string, pattern: RegExp): string {
  const found = pattern.exec(code)?.[1];
  if (found === undefined) throw new Error(`marked has changed: ${pattern} is not in it.`);
  return found;
}

function replace(code: string, before: RegExp, after: string): string {
  const replaced = code.replace(before, after);
  if (replaced === code) throw new Error(`marked has changed: ${before} is not in it.`);
  return replaced;
}

/** Reduces marked where it is bundled. */
export function slimMarked(): Plugin {
  return {
    name: "slim-marked",
    async transform(code, id) {
      if (!id.endsWith("/marked/lib/marked.esm.js")) return null;
      const { Lexer } = await import("marked");
      const { rules } = new Lexer({ gfm: true })["tokenizer"];
      return { code: await slimMarkedLexer(code, rules), map: { mappings: "" } };
    },
  };
}

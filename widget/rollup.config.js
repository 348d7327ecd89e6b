/**
 * Three bundles, all with everything they need inside:
 *   chat-bot-panel-<hash>.js   the panel for the script tag, with its lazy chunks beside it; immutable
 *   chat-bot.js                the script tag: the element and its button; knows the panel's name and hash
 *   index.js                   the entry for bundlers, with its lazy parts in chunks/
 * and integrity.json, the hash of every file.
 */
import { createHash } from "node:crypto";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import terser from "@rollup/plugin-terser";
import esbuild from "rollup-plugin-esbuild";

const DIST = fileURLToPath(new URL("dist/", import.meta.url));

/** What the first bundle tells the second. */
const panel = { file: "", integrity: "" };

export default [
  {
    input: { "chat-bot-panel": "src/chat-bot-panel.ts" },
    // Lazy chunks take what they share from the panel itself, not from a chunk between the two.
    preserveEntrySignatures: "allow-extension",
    plugins: [emptyDist(), ...common(), rememberPanel()],
    output: { ...output(), entryFileNames: "[name]-[hash].js" },
  },
  {
    input: { "chat-bot": "src/launcher.ts" },
    plugins: [...common(), namePanel()],
    output: { ...output(), format: "iife", entryFileNames: "[name].js" },
  },
  {
    input: { index: "src/index.ts" },
    plugins: [...common(), writeIntegrity()],
    output: { ...output(), entryFileNames: "[name].js", chunkFileNames: "chunks/[name]-[hash].js" },
  },
];

function common() {
  return [
    nodeResolve({ exportConditions: ["production"], browser: true }),
    litWithoutPolicy(),
    markedLexerOnly(),
    minifyStyles(),
    esbuild({ target: "es2022", tsconfig: "tsconfig.json" }),
    terser({ ecma: 2020, module: true, compress: { passes: 2 }, format: { comments: false } }),
  ];
}

function output() {
  return { dir: "dist", format: "es", sourcemap: true, chunkFileNames: "[name]-[hash].js", hashCharacters: "base36" };
}

/** `dist` also holds declarations, which are written later. */
function emptyDist() {
  return { name: "empty-dist", buildStart: () => rm(DIST, { recursive: true, force: true }) };
}

/** Blanks and comments in the style files' strings are of no use to browsers. */
function minifyStyles() {
  return {
    name: "minify-styles",
    transform(code, id) {
      if (!id.endsWith(".styles.ts")) return null;
      const minified = code.replace(/`[^`]*`/g, (css) =>
        css
          .replace(/\/\*[\s\S]*?\*\//g, "")
          .replace(/\s+/g, " ")
          .replace(/ ?([{};,]) ?/g, "$1")
          .replace(/: (?=[^;{}]*[;}])/g, ":"),
      );
      return { code: minified, map: { mappings: "" } };
    },
  };
}

/**
 * Lit makes its Trusted Types policy when it is imported, under a name that another Lit on the page may have taken, and
 * the import fails. Here the name is our own, and without permission for it templates are built node by node.
 */
function litWithoutPolicy() {
  const replacements = [
    ['e=s?s.createPolicy("lit-html",{createHTML:t=>t}):void 0', "e=litPolicy"],
    ["s.innerHTML=t,s", "fillTemplate(s,t),s"],
  ];
  const helpers = fileURLToPath(new URL("src/lit-template.ts", import.meta.url));
  return {
    name: "lit-without-policy",
    transform(code, id) {
      if (!id.endsWith("/lit-html/lit-html.js")) return null;
      let patched = `import{litPolicy,fillTemplate}from${JSON.stringify(helpers)};${code}`;
      for (const [before, after] of replacements) {
        if (!patched.includes(before)) throw new Error(`lit-html has changed: "${before}" is not in it.`);
        patched = patched.replace(before, after);
      }
      return { code: patched, map: { mappings: "" } };
    },
  };
}

/**
 * Of marked only the lexer is used. Its one file ends by making a default instance, which keeps the parser and the
 * renderer, the third of it that writes HTML, in every bundle.
 */
function markedLexerOnly() {
  const instance = /;var \w+=new \w+;function [\s\S]*export\{[\s\S]*?(\w+ as Lexer)[\s\S]*?\};/;
  return {
    name: "marked-lexer-only",
    transform(code, id) {
      if (!id.endsWith("/marked/lib/marked.esm.js")) return null;
      if (!instance.test(code)) throw new Error("marked has changed: its default instance was not found.");
      return { code: code.replace(instance, ";export{$1};"), map: { mappings: "" } };
    },
  };
}

function rememberPanel() {
  return {
    name: "remember-panel",
    writeBundle(_options, bundle) {
      const entry = Object.values(bundle).find((chunk) => chunk.type === "chunk" && chunk.isEntry);
      panel.file = entry.fileName;
      panel.integrity = integrity(entry.code);
    },
  };
}

function namePanel() {
  return {
    name: "name-panel",
    renderChunk(code) {
      const named = code
        .replaceAll("PANEL_FILE", () => JSON.stringify(panel.file))
        .replaceAll("PANEL_INTEGRITY", () => JSON.stringify(panel.integrity));
      return { code: named, map: null };
    },
  };
}

function writeIntegrity() {
  return {
    name: "write-integrity",
    async writeBundle() {
      const files = (await readdir(DIST, { recursive: true })).filter((file) => file.endsWith(".js")).toSorted();
      const hashes = await Promise.all(files.map(async (file) => [file, integrity(await readFile(`${DIST}${file}`))]));
      await writeFile(`${DIST}integrity.json`, `${JSON.stringify(Object.fromEntries(hashes), null, 2)}\n`);
    },
  };
}

function integrity(content) {
  return `sha384-${createHash("sha384").update(content).digest("base64")}`;
}

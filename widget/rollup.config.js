/**
 * Three bundles, all with everything they need inside:
 *   chat-bot-panel-<hash>.js   the panel for the script tag, with its lazy files beside it, whose hashes it knows; immutable
 *   chat-bot.js                the script tag: the element and its button; knows the panel's name and hash
 *   index.js                   the entry for bundlers, with its lazy parts in chunks/
 * and integrity.json, the hash of every file, and third-party-licences.txt, of what is bundled.
 */
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import terser from "@rollup/plugin-terser";
import esbuild from "rollup-plugin-esbuild";
import { hashOf } from "./bundle/hash-of.ts";
import { highlightModule } from "./bundle/highlight-module.ts";
import { lazyFiles } from "./bundle/lazy-files.ts";
import { minifyStyles } from "./bundle/minify-styles.ts";
import { minifyTemplates } from "./bundle/minify-templates.ts";
import { slimLit } from "./bundle/slim-lit.ts";
import { slimMarked } from "./bundle/slim-marked.ts";
import { ThirdPartyLicences } from "./bundle/third-party-licences.ts";

/** What the first bundle tells the second. */
const panel = { file: "", integrity: "" };
const licences = new ThirdPartyLicences();

let dist = fileURLToPath(new URL("dist/", import.meta.url));

/** `--config-dist` names another directory to write to. */
export default ({ configDist }) => {
  dist = configDist ?? dist;
  return [
    {
      input: { "chat-bot-panel": "src/chat-bot-panel.ts" },
      // Lazy chunks take what they share from the panel itself, not from a chunk between the two.
      preserveEntrySignatures: "allow-extension",
      plugins: [emptyDist(), lazyFiles(), ...common(), rememberPanel()],
      output: { ...output(), entryFileNames: "[name]-[hash].js" },
    },
    {
      input: { "chat-bot": "src/launcher.ts" },
      plugins: [...common(), namePanel()],
      // No comment names the map: it would be the only part of the file that no page needs.
      output: { ...output(), format: "iife", entryFileNames: "[name].js", sourcemap: "hidden" },
    },
    {
      input: { index: "src/index.ts" },
      plugins: [...common(), writeIntegrity(), writeLicences()],
      output: { ...output(), entryFileNames: "[name].js", chunkFileNames: "chunks/[name]-[hash].js" },
    },
  ];
};

function common() {
  return [
    nodeResolve({ exportConditions: ["production"], browser: true }),
    slimLit(),
    slimMarked(),
    highlightModule(),
    minifyStyles(),
    esbuild({ target: "es2022", tsconfig: "tsconfig.json" }),
    minifyTemplates(),
    licences.gather(),
    terser({ ecma: 2020, module: true, compress: { passes: 2 }, format: { comments: false } }),
  ];
}

function output() {
  return { dir: dist, format: "es", sourcemap: true, chunkFileNames: "[name]-[hash].js", hashCharacters: "base36" };
}

/** `dist` also holds declarations, which are written later. */
function emptyDist() {
  return { name: "empty-dist", buildStart: () => rm(dist, { recursive: true, force: true }) };
}

function rememberPanel() {
  return {
    name: "remember-panel",
    writeBundle(_options, bundle) {
      const entry = Object.values(bundle).find((chunk) => chunk.type === "chunk" && chunk.isEntry);
      panel.file = entry.fileName;
      panel.integrity = hashOf("sha256", entry.code);
    },
  };
}

function namePanel() {
  return {
    name: "name-panel",
    renderChunk(code) {
      const named = code
        .replaceAll("PANEL_FILE", () => JSON.stringify(`./${panel.file}`))
        .replaceAll("PANEL_INTEGRITY", () => JSON.stringify(panel.integrity));
      return { code: named, map: null };
    },
  };
}

function writeLicences() {
  return { name: "write-licences", writeBundle: () => licences.write(`${dist}third-party-licences.txt`) };
}

function writeIntegrity() {
  return {
    name: "write-integrity",
    async writeBundle() {
      const files = (await readdir(dist, { recursive: true })).filter((file) => file.endsWith(".js")).toSorted();
      const hashes = await Promise.all(
        files.map(async (file) => [file, hashOf("sha384", await readFile(`${dist}${file}`))]),
      );
      await writeFile(`${dist}integrity.json`, `${JSON.stringify(Object.fromEntries(hashes), null, 2)}\n`);
    },
  };
}

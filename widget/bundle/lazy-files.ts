/**
 * The lazy files of the script tag as functions of what they take from the panel, and imported only by `importFile` of
 * src/launcher.ts. A static import would be fetched without a hash, and would look for the panel at the address where it
 * may have failed, which browsers remember.
 */
import type { OutputBundle, OutputChunk, Plugin } from "rollup";
import { hashOf } from "./hash-of.ts";

/** Rollup writes each of these on a line of its own. Lines are replaced by lines: source maps stay valid. */
const BEGIN = "$begin();";
const IMPORT = /^import \{ (.*) \} from '\.\/(.*)';$/gm;
const EXPORT = /^export \{ (.*) \};$/m;
const VARIABLE = /^(?:let|var) ([\w$]+)/gm;

/** Stands in the panel's file. Each file is run once; one that did not come, or needs one that did not, is forgotten. */
const IMPORT_LAZY = [
  "let $importFile;",
  "const $files = new Map;",
  "const $import = (file, hash) => {",
  "if (!$files.has(file)) $files.set(file, $importFile(file, hash, $shared)",
  ".catch((error) => { $files.delete(file); throw error; }));",
  "return $files.get(file);",
  "};",
].join("");

/** As long as the hash in its place, which is known when all files are written. */
const PLACEHOLDER = /sha256-\[([^\]]+)\]\.*/g;
const placeholder = (name = ""): string => `sha256-${`[${name}]`.padEnd(44, ".")}`;

/** Comes before the plugin that minifies. */
export function lazyFiles(): Plugin {
  return {
    name: "lazy-files",
    intro: BEGIN,
    renderDynamicImport: ({ targetChunk }) => ({ left: "$import(", right: `, "${placeholder(targetChunk?.name)}")` }),
    renderChunk(code, { isEntry, imports, name }, _options, { chunks }) {
      const taken = ["$import"];
      const needed: string[] = [];
      const body = code.replace(IMPORT, (_line, names: string, file: string) => {
        const bindings = names.replaceAll(" as ", ": ");
        if (chunks[file]?.isEntry) taken.push(bindings);
        else needed.push(`const { ${bindings} } = await $import("./${file}", "${placeholder(chunks[file]?.name)}");`);
        return "";
      });
      const begin = isEntry ? IMPORT_LAZY : `export default async ({ ${taken.join(", ")} }) => {${needed.join("")}`;
      const variables = new Set(Array.from(code.matchAll(VARIABLE), ([, variable]) => variable));
      const end = (_line: string, names: string): string => {
        const exported = names.split(", ").map((pair) => pair.split(" as "));
        if (exported.some(([local]) => variables.has(local))) throw new Error(`${name} exports a variable.`);
        const members = exported.map(([local, as = local]) => `${as}: ${local}`).join(", ");
        return isEntry
          ? `const $shared = { $import, ${members} };export default (importFile) => { $importFile = importFile; return $shared; };`
          : `return { ${members} };};`;
      };
      const found = taken.length - 1 + needed.length;
      if (found !== imports.length || !EXPORT.test(code)) throw new Error(`Rollup has written ${name} in a new way.`);
      return { code: body.replace(BEGIN, () => begin).replace(EXPORT, end), map: null };
    },
    generateBundle(_options, bundle) {
      fillInHashes(bundle);
    },
  };
}

/** A file's own hash depends on those that it holds. */
function fillInHashes(bundle: OutputBundle): void {
  const waiting = new Map<string, OutputChunk>();
  const hashes = new Map<string, string>();
  for (const chunk of Object.values(bundle)) if (chunk.type === "chunk") waiting.set(chunk.name, chunk);
  const hash = (name: string): string => {
    const chunk = waiting.get(name);
    waiting.delete(name);
    if (chunk !== undefined) {
      chunk.code = chunk.code.replace(PLACEHOLDER, (_, other: string) => hash(other));
      hashes.set(name, hashOf("sha256", chunk.code));
    }
    const known = hashes.get(name);
    if (known === undefined) throw new Error(`${name} needs a file that needs ${name}, or is not there.`);
    return known;
  };
  for (const name of waiting.keys()) hash(name);
}

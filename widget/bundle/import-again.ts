import type { Plugin } from "rollup";

/**
 * Browsers remember that a file could not be imported, and do not ask for it again. Under another address they do: each
 * failure is followed by a new one. Stands in every file that imports lazily.
 */
const IMPORT_AGAIN =
  "const $failures=new Map;" +
  "function $importAgain(file){" +
  "const count=$failures.get(file)??0;" +
  'return import(count===0?file:file+"?again="+count).catch(error=>{$failures.set(file,count+1);throw error})' +
  "}";

/** Lets lazy files that did not come be asked for again. */
export function importAgain(): Plugin {
  return {
    name: "import-again",
    renderDynamicImport: () => ({ left: "$importAgain(", right: ")" }),
    intro: ({ dynamicImports }) => (dynamicImports.length > 0 ? IMPORT_AGAIN : ""),
  };
}

import type { Plugin } from "rollup";

const EXPORT = "module.exports = highlight;";

/** The core of highlight.js is the one CommonJS module in the bundle. */
export function highlightModule(): Plugin {
  return {
    name: "highlight-module",
    transform(code, id) {
      if (!id.endsWith("/highlight.js/lib/core.js")) return null;
      if (code.split(EXPORT).length !== 2) throw new Error(`highlight.js has changed: "${EXPORT}" is not in it.`);
      return { code: code.replace(EXPORT, "export default highlight;"), map: { mappings: "" } };
    },
  };
}

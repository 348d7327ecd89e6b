import { transform } from "esbuild";
import type { Plugin } from "rollup";

/** Comments hold backticks, too. */
const STYLES = /(?<== )`([^`]*)`/g;

/** Behind a colon or a comma, outside of texts. What esbuild does not understand, as what variables hold, it leaves as it is. */
const NEEDLESS_BLANK = /("[^"]*")|([:,]) /g;

/** Minifies the CSS that the style files hold as strings. */
export function minifyStyles(): Plugin {
  return {
    name: "minify-styles",
    async transform(code, id) {
      if (!id.endsWith(".styles.ts")) return null;
      let minified = "";
      let end = 0;
      for (const { 0: literal, 1: css = "", index } of code.matchAll(STYLES)) {
        if (/\\|\$\{/.test(css)) throw new Error(`${id} holds more than plain CSS.`);
        minified += `${code.slice(end, index)}${JSON.stringify(await minifyCss(css))}`;
        end = index + literal.length;
      }
      return { code: minified + code.slice(end), map: { mappings: "" } };
    },
  };
}

async function minifyCss(css: string): Promise<string> {
  const { code, warnings } = await transform(css, { loader: "css", minify: true });
  if (warnings.length > 0) throw new Error(warnings.map(({ text }) => text).join("\n"));
  return code.trim().replace(NEEDLESS_BLANK, "$1$2");
}

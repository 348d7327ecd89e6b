import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { compile } from "svelte/compiler";
import { compileScript, parse } from "vue/compiler-sfc";

/** The scripts of one page by file name; `main.js` is the one to load. */
export type PageScripts = ReadonlyMap<string, Uint8Array>;

/** Bundles a folder of `demo/frameworks` for browsers, as a project of that kind would. */
export async function bundleFrameworkPage(name: string): Promise<PageScripts> {
  const folder = fileURLToPath(new URL(`../../frameworks/${name}/`, import.meta.url));
  const { outputFiles } = await build({
    entryPoints: [`${folder}main`],
    bundle: true,
    format: "esm",
    splitting: true,
    minify: true,
    target: "es2022",
    jsx: "automatic",
    outdir: folder,
    write: false,
    logLevel: "error",
    define: {
      "process.env.NODE_ENV": '"production"',
      __VUE_OPTIONS_API__: "false",
      __VUE_PROD_DEVTOOLS__: "false",
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
      ngDevMode: "false",
      ngServerMode: "false",
      ngI18nClosureMode: "false",
    },
    plugins: [vuePages, sveltePages],
  });
  return new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));
}

const vuePages: Plugin = {
  name: "vue-pages",
  setup(bundler) {
    bundler.onLoad({ filter: /\.vue$/ }, async ({ path }) => {
      const { descriptor, errors } = parse(await readFile(path, "utf8"), { filename: path });
      if (errors.length > 0) throw errors[0];
      const { content } = compileScript(descriptor, {
        id: basename(path),
        inlineTemplate: true,
        // What has a dash is left to the browser: Vue's own components are written in capitals here.
        templateOptions: { compilerOptions: { isCustomElement: (tag) => tag.includes("-") } },
      });
      return { contents: content, loader: "js" };
    });
  },
};

const sveltePages: Plugin = {
  name: "svelte-pages",
  setup(bundler) {
    bundler.onLoad({ filter: /\.svelte$/ }, async ({ path }) => {
      const { js } = compile(await readFile(path, "utf8"), { filename: path, generate: "client" });
      return { contents: js.code, loader: "js" };
    });
  },
};

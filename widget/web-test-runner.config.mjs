import { fileURLToPath } from "node:url";
import { esbuildPlugin } from "@web/dev-server-esbuild";
import { chromeLauncher } from "@web/test-runner-chrome";
import { highlightModule } from "./bundle/highlight-module.ts";
import { slimMarked } from "./bundle/slim-marked.ts";
import { findChrome } from "./test/chrome.ts";

const { executablePath, args, env } = await findChrome();

export default {
  files: ["src/**/*.test.ts"],
  rootDir: fileURLToPath(new URL("..", import.meta.url)),
  nodeResolve: { exportConditions: ["production", "browser"] },
  plugins: [
    // First, since it knows marked only as it is published.
    whole(served(slimMarked())),
    esbuildPlugin({ ts: true, tsconfig: fileURLToPath(new URL("tsconfig.json", import.meta.url)), target: "es2022" }),
    served(highlightModule()),
  ],
  browsers: [chromeLauncher({ launchOptions: { executablePath, args, env }, concurrency: 1 })],
  // How long a test may take says nothing about what it tests: a busy machine fails none.
  testFramework: { config: { timeout: 60_000 } },
};

/** A plugin of the build, for files as they are served. */
function served({ name, transform }) {
  return { name, transform: async ({ path, body }) => (await transform(body, path))?.code };
}

/** Leaves files as they are that are asked for with `?whole`. */
function whole({ name, transform }) {
  return { name, transform: (context) => (context.url.endsWith("?whole") ? undefined : transform(context)) };
}

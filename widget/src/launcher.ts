/**
 * The script-tag file: classic, async, deferred, injected or a module, from this origin or another. It holds the
 * element and its button; the panel's file is imported when somebody wants to chat.
 */
import type { PanelModule } from "./chat-panel.ts";
import { registerChatBot } from "./define.ts";

/** Filled in by the build: the panel's file, beside this one, and its hash. */
declare const PANEL_FILE: string;
declare const PANEL_INTEGRITY: string;

/** What a file makes of what it needs. The build makes such a function of each file but this one. */
interface LazyFile<Needed, Made> {
  default(needed: Needed): Made;
}

// Only while a classic script runs; a module resolves relative addresses by itself.
const script: { src?: string; nonce?: string } | null = document.currentScript;

/** Where to ask for files that did not come once: browsers remember that, and would not ask at the same address again. */
const addresses: Record<string, string> = {};

function importFile<Needed, Made>(file: string, integrity: string, needed: Needed): Promise<Made> {
  let address = addresses[file] ?? file;
  const link = document.createElement("link");
  if (script?.src) {
    // `import()` takes no hash, but uses what was preloaded in the same task with one. Where preloading is not allowed
    // the import goes on without.
    address = new URL(address, script.src).href;
    document.head.append(Object.assign(link, { rel: "modulepreload", href: address, nonce: script.nonce, integrity }));
  }
  return import(address)
    .then((module: LazyFile<Needed, Made>) => module.default(needed))
    .catch((error) => {
      addresses[file] = `${address}?again`;
      throw error;
    })
    .finally(() => link.remove());
}

registerChatBot(() => importFile<typeof importFile, PanelModule>(PANEL_FILE, PANEL_INTEGRITY, importFile));

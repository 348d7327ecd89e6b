/**
 * The script-tag file: classic, async, deferred, injected or a module, from this origin or another. It holds the
 * element and its button; the panel's file is imported when somebody wants to chat.
 */
import { registerChatBot } from "./define.ts";

/** Filled in by the build: the panel's file, beside this one, and its hash. */
declare const PANEL_FILE: string;
declare const PANEL_INTEGRITY: string;

const file = PANEL_FILE;
// Only while a classic script runs; a module resolves the relative address by itself.
const script = document.currentScript;

registerChatBot(async () => {
  if (!script || !("src" in script)) return import(file);
  // `import()` takes no hash, but uses what was preloaded in the same task with one. Where preloading is not allowed
  // the import goes on without.
  const link = Object.assign(document.createElement("link"), {
    rel: "modulepreload",
    href: new URL(file, script.src).href,
    nonce: script.nonce,
    integrity: PANEL_INTEGRITY,
  });
  document.head.append(link);
  return import(link.href).finally(() => link.remove());
});

/**
 * The script-tag file: classic, async, deferred, injected or a module, from this origin or another. It holds the
 * element and its button; the panel's file is imported when somebody wants to chat.
 */
import { defineChatBot } from "./define.ts";

/** Filled in by the build: the panel's file, beside this one, and its hash. */
declare const PANEL_FILE: string;
declare const PANEL_INTEGRITY: string;

// Only while a classic script runs; a module resolves the relative address by itself.
const script = document.currentScript instanceof HTMLScriptElement ? document.currentScript : null;
const panelUrl = script === null ? `./${PANEL_FILE}` : new URL(PANEL_FILE, script.src).href;

defineChatBot(() => {
  if (script !== null) preload(panelUrl, script.nonce);
  return import(panelUrl);
});

/**
 * `import()` takes no hash, but uses what was preloaded in the same task with one. Where preloading is not allowed
 * the import goes on without.
 */
function preload(url: string, nonce: string): void {
  const link = document.createElement("link");
  link.rel = "modulepreload";
  link.integrity = PANEL_INTEGRITY;
  link.crossOrigin = "anonymous";
  link.nonce = nonce;
  link.href = url;
  link.onload = link.onerror = () => link.remove();
  document.head.append(link);
}

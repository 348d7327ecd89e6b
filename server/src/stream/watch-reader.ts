const WATCH_EVERY_MS = 500;
/** A turn that goes by the same token stops at once and says why: that still reaches its reader. */
const LAST_WORDS_MS = 2_000;

/**
 * Aborted a moment after the token that a stream was opened with is revoked. Looked at now and then, because a revocation
 * comes at any time. `stop` ends the looking.
 */
export function watchReader(isRevoked: () => boolean): { signal: AbortSignal; stop(): void } {
  const over = new AbortController();
  let timer = setInterval(look, WATCH_EVERY_MS).unref();
  function look(): void {
    if (!isRevoked()) return;
    clearInterval(timer);
    timer = setTimeout(() => over.abort(), LAST_WORDS_MS).unref();
  }
  return { signal: over.signal, stop: () => clearInterval(timer) };
}

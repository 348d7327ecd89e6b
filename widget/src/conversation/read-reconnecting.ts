import type { ReceivedEvent } from "../transport/chat-transport.ts";
import { TransportError } from "../transport/transport-error.ts";
import type { Wait } from "./wait-to-reconnect.ts";

/** What to read, and whom to tell. */
export interface EventSource {
  /** Opens the stream where the last one broke off. */
  open(): AsyncIterable<ReceivedEvent>;
  receive(received: ReceivedEvent): void;
  /** The connection broke and will be opened again. */
  onBroken(): void;
}

/** How to wait; the clock and chance are arguments for the tests' sake. */
export interface ReconnectOptions {
  signal: AbortSignal;
  wait: Wait;
  now?: () => number;
  random?: () => number;
}

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 10_000;
const MAX_FAILURES = 8;
/** A refusal that asks for more patience than this is shown to the person instead. */
const MAX_RETRY_AFTER_MS = 30_000;
/** A connection that stood this long was a good one, even if the assistant had nothing to say. */
const STABLE_MS = 5_000;

/**
 * Reads until the source ends normally, opening it anew whenever the connection breaks. Throws what stopped it: a
 * refusal, the last of too many failures in a row, or the signal's reason.
 */
export async function readReconnecting(source: EventSource, options: ReconnectOptions): Promise<void> {
  const { signal, wait, now = Date.now, random = Math.random } = options;
  let failures = 0;
  for (;;) {
    let openedAtMs: number | null = null;
    try {
      for await (const received of source.open()) {
        signal.throwIfAborted();
        openedAtMs ??= now();
        if (received.id !== null) failures = 0;
        source.receive(received);
      }
      signal.throwIfAborted();
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (openedAtMs !== null && now() - openedAtMs >= STABLE_MS) failures = 0;
      failures += 1;
      if (failures > MAX_FAILURES || !isWorthRepeating(error)) throw error;
      source.onBroken();
      await wait(Math.max(reconnectDelayMs(failures, random), error.retryAfterMs ?? 0), signal);
    }
  }
}

/** Half a second, doubling to ten, and up to half of it less: many readers of a restarted server shall not come at once. */
export function reconnectDelayMs(failures: number, random: () => number): number {
  const delayMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
  return delayMs * (1 - random() / 2);
}

function isWorthRepeating(error: unknown): error is TransportError {
  if (!(error instanceof TransportError) || (error.retryAfterMs ?? 0) > MAX_RETRY_AFTER_MS) return false;
  switch (error.code) {
    case "network":
    case "draining":
    case "store_unavailable":
    case "too_many_requests":
      return true;
    case "token_unavailable":
      return error.status === 0 || error.status >= 500;
    default:
      return false;
  }
}

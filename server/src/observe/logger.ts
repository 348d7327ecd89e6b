import { createHmac, randomBytes } from "node:crypto";
import { type DestinationStream, type Logger as PinoLogger, pino } from "pino";

const MAX_VALUE_LENGTH = 256;
/** Of a longer value the rest is not even looked at. */
const MAX_SCANNED_LENGTH = 4096;
/** The last line of defence: whatever looks like a bearer token, a provider's key or a password in a URL. */
const SECRETS =
  /\beyJ[\w-]+\.[\w-]*(?:\.[\w-]*)?|\bsk-[\w-]{8,}|(?<=\bbearer )[^\s"]+|(?<=:\/\/[^\s/:@]{0,100}:)[^\s/]{1,300}(?=@)/gi;
/** Control and bidirectional characters: they steer terminals, or make a line read as another one. */
const STEERING = /[\p{Cc}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu;

/** Values that may stand in a log line. Never a token, and no words of a conversation. */
export type LogFields = Record<string, unknown>;

/** JSON lines with fixed words and named values. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A name for something personal: the same within this process, meaningless outside. */
  pseudonym(value: string): string;
}

/** A logger to standard output, or to `destination`. */
export function createLogger(level: string, destination: DestinationStream = standardOutput()): Logger {
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  const key = randomBytes(32);
  return {
    debug: line(log, "debug"),
    info: line(log, "info"),
    warn: line(log, "warn"),
    error: line(log, "error"),
    pseudonym: (value) => createHmac("sha256", key).update(value).digest("hex").slice(0, 16),
  };
}

/**
 * Whoever reads the log may go away: the server goes on without. In place of `process.stdout` itself pino puts a
 * destination of its own, which tries again for ever when nobody reads and the process is about to exit.
 */
function standardOutput(): DestinationStream {
  process.stdout.on("error", () => undefined);
  return { write: (text) => void process.stdout.write(text) };
}

function line(
  log: PinoLogger,
  level: "debug" | "info" | "warn" | "error",
): (fields: LogFields, message: string) => void {
  return (fields, message) => {
    const cut = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, printable(value)]));
    log[level](cut, message);
  };
}

/** One short value: what is longer is cut, what is structured becomes text, an error its name, codes and place. */
function printable(value: unknown): unknown {
  if (typeof value === "number" || typeof value === "boolean" || value === null || value === undefined) return value;
  const text = value instanceof Error ? describeError(value) : typeof value === "string" ? value : asJson(value);
  const clean = text.slice(0, MAX_SCANNED_LENGTH).replace(SECRETS, "[secret]").replace(STEERING, "\ufffd");
  return clean.length > MAX_VALUE_LENGTH ? `${clean.slice(0, MAX_VALUE_LENGTH)}…` : clean;
}

function asJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? typeof value;
  } catch {
    return typeof value;
  }
}

/**
 * A provider's message may quote the conversation and a parser's the text it read, so of such errors only names, codes
 * and the place in our code are told.
 */
function describeError(error: Error): string {
  const parts = [error.name];
  for (const name of ["status", "type", "code", "errorCode"] as const) {
    const value: unknown = Reflect.get(error, name);
    if (typeof value === "string" || typeof value === "number") parts.push(`${name}=${value}`);
  }
  const mayQuote = "headers" in error || error instanceof SyntaxError;
  if (!mayQuote && error.message !== "") parts.push(error.message);
  const place = placeOf(error);
  if (place !== null) parts.push(`at ${place}`);
  if (error.cause instanceof Error) parts.push(`because of ${describeError(error.cause)}`);
  return parts.join(" ");
}

/** File and line of the first frame that is ours. */
function placeOf(error: Error): string | null {
  const frames = error.stack?.split("\n").filter((frame) => /^\s+at .*:\d+:\d+\)?$/.test(frame)) ?? [];
  const own = frames.find((frame) => !frame.includes("node:") && !frame.includes("node_modules"));
  return own?.match(/[^/\\]+:\d+:\d+/)?.[0] ?? null;
}

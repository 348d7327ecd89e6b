import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { stopOnSignals } from "./stop-on-signals.ts";

/** What was done by the time of each signal. */
function heard(signals: readonly [name: string, atMs: number][]): string[] {
  const done: string[] = [];
  const emitter = new EventEmitter();
  let nowMs = 0;
  stopOnSignals(emitter, {
    stop: (signal) => done.push(`stop: ${signal}`),
    stopAtOnce: () => done.push("at once"),
    now: () => nowMs,
  });
  for (const [name, atMs] of signals) {
    nowMs = atMs;
    emitter.emit(name, name);
  }
  return done;
}

it.each<[title: string, signals: [string, number][], done: string[]]>([
  ["SIGTERM stops the process", [["SIGTERM", 0]], ["stop: SIGTERM"]],
  ["SIGINT stops it, too", [["SIGINT", 0]], ["stop: SIGINT"]],
  [
    "a Ctrl-C that npm repeats is one",
    [
      ["SIGINT", 0],
      ["SIGINT", 5],
    ],
    ["stop: SIGINT"],
  ],
  [
    "a second one that comes later ends it at once",
    [
      ["SIGINT", 0],
      ["SIGINT", 5],
      ["SIGINT", 1500],
    ],
    ["stop: SIGINT", "at once"],
  ],
  [
    "so does another signal",
    [
      ["SIGTERM", 0],
      ["SIGINT", 1500],
    ],
    ["stop: SIGTERM", "at once"],
  ],
])("%s", (_title, signals, done) => {
  expect(heard(signals)).toEqual(done);
});

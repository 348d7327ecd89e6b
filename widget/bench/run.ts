// npm run bench -w widget: what showing Markdown costs while it streams, beside the least that can be done and beside two
// libraries for the same purpose, in one browser and on one page; and what a long conversation costs. Costs are CPU time
// of the page's main thread as the browser counts it (scripts, styles, layout and painting together), so that other
// programs on the machine disturb them little. What counts are ratios within a round; printed are medians of rounds.

import { cpus } from "node:os";
import { openBenchPage } from "./bench-page.ts";

const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 5);
const SHORT = 100_000;
const LONG = 400_000;
const MESSAGES = 1_000;
const CONTESTANTS = ["plain lines", "widget", "streaming-markdown", "streamdown"];

interface Bound {
  what: string;
  values: readonly number[];
  unit: "×" | "ms";
  limit: number | null;
}

const page = await openBenchPage();
const shortMs = new Map<string, number[]>(CONTESTANTS.map((name) => [name, []]));
const longMs: number[] = [];
const openMs: number[] = [];
const tasksMs: { streaming: number[]; scrolling: number[] } = { streaming: [], scrolling: [] };

for (let round = 0; round < ROUNDS; round += 1) {
  await page.run(`bench.prepareText(${SHORT})`);
  // Nobody always has the warmest browser.
  for (const name of [
    ...CONTESTANTS.slice(round % CONTESTANTS.length),
    ...CONTESTANTS.slice(0, round % CONTESTANTS.length),
  ]) {
    shortMs.get(name)?.push(await page.cpuMs(`bench.stream(${JSON.stringify(name)})`));
    await page.run("bench.clear()");
  }
  tasksMs.streaming.push(await page.longestTaskMs('bench.stream("widget")'));
  await page.run(`bench.clear(); bench.prepareText(${LONG})`);
  longMs.push(await page.cpuMs('bench.stream("widget")'));
  await page.run(`bench.clear(); bench.prepareMessages(${MESSAGES})`);
  openMs.push(await page.cpuMs("bench.open()"));
  tasksMs.scrolling.push(await page.longestTaskMs("bench.scrollThrough()"));
  await page.run("bench.clear()");
  process.stderr.write(`round ${round + 1} of ${ROUNDS}\n`);
}
await page.close();

const ratios = (name: string): number[] => of(name).map((ms, round) => ms / (of("plain lines")[round] ?? 0));
const rows: Bound[] = [
  ...CONTESTANTS.map(
    (name): Bound => ({
      what: `100 KB, ${name}`,
      values: ratios(name),
      unit: "×",
      limit: name === "widget" ? 1.5 : null,
    }),
  ),
  {
    what: "400 KB against 100 KB, widget",
    values: longMs.map((ms, round) => ms / (of("widget")[round] ?? 0)),
    unit: "×",
    limit: 4.4,
  },
  { what: "longest task while streaming 100 KB", values: tasksMs.streaming, unit: "ms", limit: 50 },
  { what: `opening ${MESSAGES} messages`, values: openMs, unit: "ms", limit: 200 },
  {
    what: `longest task while scrolling through ${MESSAGES} messages`,
    values: tasksMs.scrolling,
    unit: "ms",
    limit: 50,
  },
];

process.stdout.write(
  `${cpus().length} × ${cpus()[0]?.model}, Chromium ${page.version}, medians of ${ROUNDS} rounds (least to most)\n\n`,
);
for (const { what, values, unit, limit } of rows) process.stdout.write(`${line(what, values, unit, limit)}\n`);

function of(name: string): readonly number[] {
  return shortMs.get(name) ?? [];
}

function line(what: string, values: readonly number[], unit: string, limit: number | null): string {
  const sorted = values.toSorted((one, other) => one - other);
  const [least = 0, most = 0, middle] = [sorted[0], sorted.at(-1), median(sorted)];
  const [shown, from, to] = [middle, least, most].map((value) => value.toFixed(unit === "ms" ? 0 : 2));
  const verdict =
    limit === null ? "" : middle <= limit ? `kept: at most ${limit} ${unit}` : `NOT KEPT: at most ${limit} ${unit}`;
  return `| ${what.padEnd(48)} | ${`${shown} ${unit}`.padStart(8)} | ${`${from} to ${to}`.padStart(14)} | ${verdict}`;
}

function median(sorted: readonly number[]): number {
  const [below = 0, above = 0] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  return (below + above) / 2;
}

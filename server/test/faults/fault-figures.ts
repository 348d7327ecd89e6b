import { appendFileSync } from "node:fs";

/** One line of the table that `npm run test:faults` prints. */
export interface FaultFigure {
  guarantee: string;
  figure: string;
  value: string | number;
}

/** Notes a measured figure; without `CHATBOT_FAULTS_FIGURES`, the file to append to, nothing is kept. */
export function noteFigures(guarantee: string, figures: Record<string, string | number>): void {
  const file = process.env["CHATBOT_FAULTS_FIGURES"];
  if (file === undefined) return;
  for (const [figure, value] of Object.entries(figures)) {
    const line: FaultFigure = { guarantee, figure, value };
    appendFileSync(file, `${JSON.stringify(line)}\n`);
  }
}

/** The share of values that are no larger than this one is `share`. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** `npm run test:faults` sets it: the counts that the guarantees are stated for. */
const isFull = process.env["CHATBOT_FAULTS"] === "full";

/**
 * How often a fault is made to happen: a few times in `npm test`, often in `npm run test:faults`. The environment's
 * variable `CHATBOT_FAULTS_<NAME>` overrides both.
 */
export function faultCount(name: string, counts: { small: number; full: number }): number {
  const value = Number(process.env[`CHATBOT_FAULTS_${name}`]);
  if (Number.isInteger(value) && value > 0) return value;
  return isFull ? counts.full : counts.small;
}

/** Where the random numbers of a file start; printed when something fails, and given to repeat it. */
export function faultSeed(): number {
  const given = Number(process.env["CHATBOT_FAULTS_SEED"]);
  return Number.isInteger(given) && given > 0 ? given : Math.floor(Math.random() * 2 ** 31);
}

/** So long a test with many repeats may take. */
export const FAULT_TIMEOUT_MS: number = isFull ? 3 * 60 * 60_000 : 900_000;

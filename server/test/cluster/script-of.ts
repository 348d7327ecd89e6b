/** A message that tells the scripted Claude what to do, step by step. */
export function scriptOf(steps: readonly object[]): string {
  return `script:${JSON.stringify(steps)}`;
}

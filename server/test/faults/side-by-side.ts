/**
 * Runs a task so many times at once. When one fails the others are told by the signal and come to their end, so that
 * all processes are gone; then it throws what the first one threw.
 */
export async function sideBySide(
  count: number,
  task: (number: number, failed: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const tasks = Array.from({ length: count }, (_, number) =>
    task(number, failed.signal).catch((error: unknown) => failed.abort(error)),
  );
  await Promise.all(tasks);
  failed.signal.throwIfAborted();
}

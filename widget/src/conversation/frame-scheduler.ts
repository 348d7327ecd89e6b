/** Calls back once, soon. The function returned takes it back. */
export type Schedule = (callback: () => void) => () => void;

/** A page in the background has no frames; what arrives then is applied this often. */
const WITHOUT_FRAMES_MS = 250;

/** Before the next frame, or after a moment when the page has none. */
export const scheduleFrame: Schedule = (callback) => {
  const run = (): void => {
    cancel();
    callback();
  };
  const frame = requestAnimationFrame(run);
  const timer = setTimeout(run, WITHOUT_FRAMES_MS);
  const cancel = (): void => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
  return cancel;
};

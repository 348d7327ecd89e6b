import { describeCoordination } from "./coordination.contract.ts";
import { createMemoryCoordination } from "./memory-coordination.ts";

describeCoordination("MemoryCoordination", () => {
  let nowMs = 1_000_000;
  const coordination = createMemoryCoordination(() => nowMs);
  return Promise.resolve({
    coordination,
    isConfirmedByWaking: false,
    advance(ms) {
      nowMs += ms;
      return Promise.resolve();
    },
  });
});

import { faultCount } from "./fault-counts.ts";
import { FaultRig } from "./fault-rig.ts";
import { describeFirstDecision } from "./first-decision.contract.ts";

describeFirstDecision("SQLite", {
  rounds: faultCount("DECISION_ROUNDS", { small: 3, full: 200 }),
  start: () => FaultRig.start(),
});

import { faultCount } from "../faults/fault-counts.ts";
import { describeFirstDecision } from "../faults/first-decision.contract.ts";
import { withServices } from "./with-services.ts";

withServices((start) =>
  describeFirstDecision("PostgreSQL and Redis", {
    rounds: faultCount("CLUSTER_DECISION_ROUNDS", { small: 1, full: 200 }),
    start,
  }),
);

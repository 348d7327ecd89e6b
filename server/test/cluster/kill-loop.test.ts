import { faultCount } from "../faults/fault-counts.ts";
import { describeKillLoop } from "../faults/kill-loop.contract.ts";
import { withServices } from "./with-services.ts";

withServices((start) =>
  describeKillLoop("PostgreSQL and Redis", {
    kills: faultCount("CLUSTER_KILLS", { small: 6, full: 1000 }),
    start,
  }),
);

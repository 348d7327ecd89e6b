import { faultCount } from "./fault-counts.ts";
import { FaultRig } from "./fault-rig.ts";
import { describeKillLoop } from "./kill-loop.contract.ts";

describeKillLoop("SQLite", {
  kills: faultCount("KILLS", { small: 200, full: 1000 }),
  start: () => FaultRig.start(),
});

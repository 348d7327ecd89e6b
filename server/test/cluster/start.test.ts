import { describe, expect, it } from "vitest";
import { ClusterRig } from "./cluster-rig.ts";

describe("replicas", () => {
  it("may all start at the same moment on an empty database", async () => {
    await using rig = await ClusterRig.start({ replicas: 6 });
    const ready = await Promise.all(rig.urls.map(async (url) => (await fetch(`${url}/ready`)).status));
    expect(ready).toEqual(rig.urls.map(() => 200));
  });
});

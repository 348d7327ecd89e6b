import { expect } from "@open-wc/testing";
import { emulateMedia, setViewport } from "@web/test-runner-commands";
import { openPanel, type SampleServer, settled, startSampleServer } from "../test/sample-panel.ts";
import { sampleStates } from "../test/sample-states.ts";

// The checker is a script, not a module: it leaves itself on the window.
await import("axe-core");
const axe: typeof import("axe-core") = Reflect.get(window, "axe");

const LOOKS = [
  { colorScheme: "light", dir: "ltr", width: 1_000, height: 800 },
  { colorScheme: "dark", dir: "rtl", width: 1_000, height: 800 },
  { colorScheme: "light", dir: "rtl", width: 390, height: 844 },
  { colorScheme: "dark", dir: "ltr", width: 390, height: 844 },
] as const;

async function findings(element: Element): Promise<string[]> {
  const { violations } = await axe.run(element, { rules: { region: { enabled: false } } });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

describe("The accessibility checker finds nothing in", () => {
  let server: SampleServer;
  beforeEach(async () => {
    server = startSampleServer();
    await emulateMedia({ reducedMotion: "reduce" });
  });
  afterEach(async () => {
    server.restore();
    await setViewport({ width: 800, height: 600 });
  });

  for (const [title, prepare] of Object.entries(sampleStates)) {
    it(`${title}, light and dark, in both directions, on a desktop and a phone`, async () => {
      const { element, root } = await openPanel();
      await prepare(element, root, server);
      for (const { colorScheme, dir, width, height } of LOOKS) {
        await setViewport({ width, height });
        Object.assign(element, { colorScheme, dir });
        await settled(root);
        expect(await findings(element), `${colorScheme}, ${dir}, ${width} px`).to.deep.equal([]);
      }
    });
  }
});

import { type OutputChunk, rollup } from "rollup";
import { expect, test } from "vitest";
import { hashOf } from "./hash-of.ts";
import { lazyFiles } from "./lazy-files.ts";

const SOURCES = {
  panel:
    'export let own = "panel"; export const one = () => import("one"); export const two = () => import("two");' +
    'export const shared = () => own; own = "the panel";',
  one: 'import { shared } from "panel"; import { both } from "both"; export const told = ["one", shared(), both];',
  two: 'import { shared } from "panel"; import { both } from "both"; export const told = ["two", shared(), both];',
  both: "export const both = {};",
};

async function build(sources: Record<string, string>): Promise<OutputChunk[]> {
  const bundle = await rollup({
    input: "panel",
    preserveEntrySignatures: "allow-extension",
    plugins: [
      {
        name: "sources",
        resolveId: (id) => (id in sources ? id : null),
        load: (id) => sources[id] ?? null,
      },
      lazyFiles(),
    ],
  });
  const { output } = await bundle.generate({
    format: "es",
    entryFileNames: "[name]-[hash].js",
    chunkFileNames: "[name]-[hash].js",
  });
  return output.filter((file) => file.type === "chunk");
}

interface Panel {
  one(): Promise<{ told: unknown[] }>;
  two(): Promise<{ told: unknown[] }>;
}

let pages = 0;

/** Runs the panel on a page of its own. `importFile` is as the launcher's, and notes what it is asked for. */
async function run(
  chunks: OutputChunk[],
  asked: [string, string][],
  isMissing: (file: string) => boolean,
): Promise<Panel> {
  pages += 1;
  const page = pages;
  const importFile = async (file: string, hash: string, needed: unknown): Promise<unknown> => {
    asked.push([file, hash]);
    const chunk = chunks.find(({ fileName }) => `./${fileName}` === file);
    if (chunk === undefined || isMissing(file)) throw new Error(`${file} is missing`);
    const module = await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(chunk.code)}#${page}`);
    return module.default(needed);
  };
  const panel = chunks.find(({ isEntry }) => isEntry);
  return (await importFile(`./${panel?.fileName}`, "", importFile)) as Panel;
}

const WITHOUT_OWN = { ...SOURCES, panel: SOURCES.panel.replace("export let", "let") };

test("each file is asked for with its hash and run once, with what it takes from the panel and from others", async () => {
  const chunks = await build(WITHOUT_OWN);
  const asked: [string, string][] = [];
  const panel = await run(chunks, asked, () => false);
  const [one, two] = await Promise.all([panel.one(), panel.two()]);
  expect([one.told, two.told]).toEqual([
    ["one", "the panel", {}],
    ["two", "the panel", {}],
  ]);
  expect(one.told[2]).toBe(two.told[2]);
  expect(await panel.one()).toBe(one);
  const hashes = new Map(chunks.map(({ fileName, code }) => [`./${fileName}`, hashOf("sha256", code)]));
  expect(asked).toHaveLength(4);
  for (const [file, hash] of asked.slice(1)) expect(hash).toBe(hashes.get(file));
});

test("a file that needs one that did not come is asked for again with it", async () => {
  const chunks = await build(WITHOUT_OWN);
  let isBothMissing = true;
  const panel = await run(chunks, [], (file) => isBothMissing && file.startsWith("./both-"));
  await expect(panel.one()).rejects.toThrow("missing");
  isBothMissing = false;
  expect((await panel.one()).told).toEqual(["one", "the panel", {}]);
});

test("a variable, whose value would be taken once and for all, cannot be shared", async () => {
  await expect(build(SOURCES)).rejects.toThrow("panel exports a variable.");
});

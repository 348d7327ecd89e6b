// npm run sbom: what each package is made of, in CycloneDX, beside what was built: dist/sbom.cdx.json. From npm's own list,
// which knows everything in the lock file; npm's `--omit dev` would also leave out what a development tool happens to
// use as well. Fails when anything is missing.

import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

interface Component {
  "bom-ref": string;
  name: string;
  version: string;
}

interface Sbom {
  metadata: { component: Component };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const NPM_SBOM = ["sbom", "--package-lock-only", "--sbom-format", "cyclonedx"];

const { stdout } = await promisify(execFile)("npm", NPM_SBOM, {
  cwd: ROOT,
  maxBuffer: 64 * 1024 * 1024,
  shell: process.platform === "win32",
});
const everything: Sbom = JSON.parse(stdout);
const edges = new Map(everything.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));

await write("server", await runtimeOf("server"));
await write("widget", await bundledIn("widget"));

/** What is installed with a package: its dependencies and theirs. The widget it serves has a list of its own. */
async function runtimeOf(folder: string): Promise<Set<string>> {
  const { name, version, dependencies } = JSON.parse(await readFile(`${ROOT}${folder}/package.json`, "utf8"));
  const own = edges.get(`${name}@${version}`) ?? [];
  const open = Object.keys(dependencies).map((wanted) => refOf(own, wanted));
  const found = new Set<string>();
  for (let ref = open.pop(); ref !== undefined; ref = open.pop()) {
    if (found.has(ref)) continue;
    found.add(ref);
    if (!ref.startsWith("@chat-bot/")) open.push(...(edges.get(ref) ?? []));
  }
  return found;
}

function refOf(refs: readonly string[], name: string): string {
  const ref = refs.find((candidate) => candidate.slice(0, candidate.lastIndexOf("@")) === name);
  if (ref === undefined) throw new Error(`npm's list does not hold ${name}.`);
  return ref;
}

/** What is inside the built script, as the bundler has noted it: `name version (licence)` above each licence. */
async function bundledIn(folder: string): Promise<Set<string>> {
  const licences = await readFile(`${ROOT}${folder}/dist/third-party-licences.txt`, "utf8");
  const heads = licences.matchAll(/^(?<name>(?:@[\w.-]+\/)?[\w.-]+) (?<version>\d+\.\d+\.\d+\S*) \(.+\)$/gm);
  return new Set(Array.from(heads, ({ groups }) => `${groups?.["name"]}@${groups?.["version"]}`));
}

async function write(folder: string, refs: ReadonlySet<string>): Promise<void> {
  const { name, version } = JSON.parse(await readFile(`${ROOT}${folder}/package.json`, "utf8"));
  const ref = `${name}@${version}`;
  const component = everything.components.find((candidate) => candidate["bom-ref"] === ref);
  const components = everything.components.filter((candidate) => refs.has(candidate["bom-ref"]));
  const missing = [...refs].filter((wanted) => !components.some((candidate) => candidate["bom-ref"] === wanted));
  if (component === undefined || components.length === 0 || missing.length > 0) {
    throw new Error(`The list of ${folder} is not complete: ${missing.join(", ") || "nothing is in it"}.`);
  }
  const isKept = (candidate: string): boolean => refs.has(candidate);
  const sbom: Sbom = {
    ...everything,
    metadata: { ...everything.metadata, component: { ...component, name } },
    components,
    dependencies: [
      { ref, dependsOn: (edges.get(ref) ?? []).filter(isKept) },
      ...[...refs].map((each) => ({ ref: each, dependsOn: (edges.get(each) ?? []).filter(isKept) })),
    ],
  };
  await writeFile(`${ROOT}${folder}/dist/sbom.cdx.json`, `${JSON.stringify(sbom, null, 2)}\n`);
  console.log(`${folder}/dist/sbom.cdx.json: ${components.length} packages`);
}

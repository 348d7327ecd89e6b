/** What is bundled is given on with its licence: each package's name, version and licence file, in one text. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Plugin } from "rollup";

const PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

/** Gathers the packages of several bundles; `write` makes the file of them. */
export class ThirdPartyLicences {
  readonly #packages = new Set<string>();

  /** Goes into each bundle. */
  gather(): Plugin {
    return {
      name: "gather-licences",
      generateBundle: (_options, bundle) => {
        for (const chunk of Object.values(bundle)) {
          if (chunk.type !== "chunk") continue;
          for (const [id, { renderedLength }] of Object.entries(chunk.modules)) {
            const directory = PACKAGE.exec(id)?.[0];
            if (directory !== undefined && renderedLength > 0) this.#packages.add(directory);
          }
        }
      },
    };
  }

  /** Throws when a package has no licence file. */
  async write(file: string): Promise<void> {
    const licences = await Promise.all([...this.#packages].map(licenceOf));
    await writeFile(file, `${licences.toSorted().join(`\n\n${"-".repeat(80)}\n\n`)}\n`);
  }
}

async function licenceOf(directory: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(directory, "package.json"), "utf8"));
  const file = (await readdir(directory)).find((candidate) => /^licen[cs]e(?:\.(?:md|txt))?$/i.test(candidate));
  if (file === undefined) throw new Error(`${name} has no licence file.`);
  const text = await readFile(join(directory, file), "utf8");
  return `${name} ${version} (${license})\n\n${text.trim()}`;
}

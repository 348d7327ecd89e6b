// Unpacks the Chromium of @sparticuz/chromium for machines that have Node and nothing else: the browser, the system
// libraries it links to (meant for a cloud function's image, as good on a bare Debian), and fonts with a configuration.
//
// The package unpacks into the temporary directory and takes whatever already lies there for its own. It therefore gets a
// fresh directory each time, which is renamed to its final name when complete: two test runners starting together,
// or one that was killed half-way, leave nothing broken behind.

import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The unpacked browser and the variables without which it neither starts nor draws text. */
export interface BundledChromium {
  executablePath: string;
  env: Record<string, string>;
}

const CACHE = fileURLToPath(new URL("../../node_modules/.cache/", import.meta.url));
const ARCHIVES = ["chromium.br", "al2023.tar.br", "fonts.tar.br", "swiftshader.tar.br"];

/** Unpacks the browser, once for each version of the package, below `node_modules/.cache`. */
export async function unpackBundledChromium(): Promise<BundledChromium> {
  const packageFolder = dirname(dirname(fileURLToPath(import.meta.resolve("@sparticuz/chromium"))));
  const { version }: { version?: unknown } = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8"));
  const folder = join(CACHE, `chromium-${String(version)}`);
  if (!existsSync(folder)) await unpack(join(packageFolder, "bin"), folder);
  return {
    executablePath: join(folder, "chromium"),
    env: {
      LD_LIBRARY_PATH: [join(folder, "al2023", "lib"), folder].join(":"),
      FONTCONFIG_FILE: join(folder, "fonts.conf"),
    },
  };
}

async function unpack(archiveFolder: string, folder: string): Promise<void> {
  const { inflate } = await import("@sparticuz/chromium");
  await mkdir(CACHE, { recursive: true });
  const draft = await mkdtemp(`${folder}-`);
  try {
    const temporary = process.env["TMPDIR"];
    process.env["TMPDIR"] = draft;
    // Each call reads the variable at once, before its first await.
    const unpacked = ARCHIVES.map((archive) => inflate(join(archiveFolder, archive)));
    if (temporary === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = temporary;
    await Promise.all(unpacked);
    await writeFile(join(draft, "fonts.conf"), fontConfiguration(folder));
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another runner was quicker: the directory it made is as good as ours.
    if (!existsSync(folder)) throw error;
  }
}

function fontConfiguration(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${folder}/font-cache</cachedir>
</fontconfig>
`;
}

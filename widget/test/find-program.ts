// Finds the programs that the tests in other engines need. A run that was left out proves nothing: what is missing is
// named, with the way to get it.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** By Debian package: the names its program goes by. */
export const ENGINE_PACKAGES = {
  "firefox-esr": { programs: ["firefox", "firefox-esr"] },
  "webkit2gtk-driver": { programs: ["WebKitWebDriver"] },
  xvfb: { programs: ["Xvfb"] },
} as const;

/** Path of the package's program. Throws, with instructions, where it is not installed. */
export function findProgram(packageName: keyof typeof ENGINE_PACKAGES): string {
  const { programs } = ENGINE_PACKAGES[packageName];
  const path = programs.map(pathOf).find((candidate) => candidate !== undefined);
  if (path !== undefined) return path;
  throw new Error(
    `${programs.join(" or ")} is not installed. On Debian: apt-get install --no-install-recommends ${packageName}`,
  );
}

export function isInstalled(program: string): boolean {
  return pathOf(program) !== undefined;
}

function pathOf(program: string): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, program))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// npm run test:browsers, before it starts: fetches the engines that are missing where this may be done without asking, as
// root on Debian (a container). Elsewhere it says what to install.

import { ENGINE_PACKAGES, isInstalled } from "../widget/test/find-program.ts";
import { runCommand } from "./run-command.ts";

const missing = Object.entries(ENGINE_PACKAGES).flatMap(([name, { programs }]) =>
  programs.some(isInstalled) ? [] : [name],
);
if (missing.length > 0) process.exitCode = await install(missing);

async function install(packages: readonly string[]): Promise<number> {
  const command = ["apt-get", "install", "--yes", "--no-install-recommends", ...packages];
  if (process.getuid?.() !== 0 || !isInstalled("apt-get")) {
    console.error(`The tests in other engines need ${packages.join(", ")}. On Debian:\nsudo ${command.join(" ")}`);
    return 1;
  }
  console.log(`Installing ${packages.join(", ")} …`);
  const update = await runCommand("apt-get", ["update"], { echo: false });
  const [program = "", ...args] = command;
  const { exitCode, output } = update.exitCode === 0 ? await runCommand(program, args, { echo: false }) : update;
  if (exitCode !== 0) console.error(output);
  return exitCode;
}

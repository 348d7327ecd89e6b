import { parseArgs } from "node:util";
import { AuditKeys } from "../audit/audit-keys.ts";
import { setVariables } from "../config/environment.ts";
import { readSettings } from "../config/settings.ts";
import { ConfigError } from "../config.ts";
import { openRecords, type Records } from "../store/sql/open-records.ts";
import { exportAudit, verify } from "./audit-commands.ts";
import { check } from "./check-command.ts";
import type { CommandContext, CommandOptions, ExitCode, Print } from "./command.ts";
import { erase, exportOwner } from "./user-commands.ts";

const USAGE = `chat-bot-server                          starts the server

chat-bot-server check [file]             whether the configuration is what was meant, and who may use what
    [--strict]                           1 also when there are only warnings
    [--timeout <seconds>]                how long tool servers are waited for, 30 unless told
    [--json]
chat-bot-server audit verify             reads the audit trail; 0: sound, 1: it is not, and where
    [--checkpoint <position:hash>]       that the server logged, and that has to be in it still
chat-bot-server audit export             the audit trail as JSON lines
chat-bot-server export <user>            everything that is stored of a user, as JSON
chat-bot-server erase <user>             erases it with their workspace, but for what they have used and
                                         the audit trail
    <user> is --issuer <iss> --organization <org> --user <sub>, as in their token

DATABASE_URL, CHATBOT_AUDIT_KEY and WORKSPACE_DIR are those of the server. All of them may run beside it.
`;

const OPTIONS = {
  checkpoint: { type: "string" },
  issuer: { type: "string" },
  organization: { type: "string" },
  user: { type: "string" },
} as const;

type Command = (context: CommandContext) => Promise<ExitCode>;

const COMMANDS = new Map<string, { run: Command; needs: readonly (keyof CommandOptions)[]; may: readonly string[] }>([
  ["audit verify", { run: verify, needs: [], may: ["checkpoint"] }],
  ["audit export", { run: exportAudit, needs: [], may: [] }],
  ["export", { run: exportOwner, needs: ["issuer", "organization", "user"], may: [] }],
  ["erase", { run: erase, needs: ["issuer", "organization", "user"], may: [] }],
]);

/** Where a command says what it has to say, and where it says that it cannot. */
export interface Outputs {
  out: Print;
  err: Print;
}

/** Runs what stands on the command line behind the program's name. */
export async function runCommand(
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
  { out, err }: Outputs,
): Promise<ExitCode> {
  if (words[0] === "check") {
    const checked = await check(words.slice(1), env, cwd);
    await (checked === null ? err(USAGE) : out(checked.output));
    return checked?.exitCode ?? 2;
  }
  const asked = parse(words);
  if (asked === null) {
    await err(USAGE);
    return 2;
  }
  const problems: string[] = [];
  const settings = readSettings(setVariables(env), cwd, problems);
  if (settings === null || problems.length > 0) throw new ConfigError(problems);
  const keys = new AuditKeys(settings.auditKeys);
  let records: Records;
  try {
    records = await openRecords(settings.database, keys);
  } catch (error) {
    // Not 1: that nothing could be looked at says nothing of what is there.
    await err(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
  try {
    const { workspaceDir } = settings;
    return await asked.run({ records, keys, workspaceDir, options: asked.options, print: out });
  } finally {
    await records.close();
  }
}

/** null: there is no such command, or it is not complete. */
function parse(words: readonly string[]): { run: Command; options: CommandOptions } | null {
  try {
    const { values, positionals } = parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true });
    const command = COMMANDS.get(positionals.join(" "));
    if (command === undefined) return null;
    const given = Object.keys(values);
    const isComplete = command.needs.every((name) => given.includes(name));
    const isKnown = given.every((name) => [...command.needs, ...command.may].includes(name));
    return isComplete && isKnown ? { run: command.run, options: values } : null;
  } catch {
    return null;
  }
}

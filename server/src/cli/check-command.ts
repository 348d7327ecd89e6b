import { parseArgs } from "node:util";
import { readTextFile } from "../config/read-text-file.ts";
import { type Config, ConfigError, loadConfig } from "../config.ts";
import { type CheckReport, type Problem, reportOn } from "./check-report.ts";
import type { CommandResult } from "./command.ts";
import { describeReport } from "./describe-report.ts";
import { meetToolServers } from "./tool-servers-met.ts";

const TIMEOUT_SECONDS = 30;

const OPTIONS = {
  json: { type: "boolean" },
  strict: { type: "boolean" },
  timeout: { type: "string" },
} as const;

/** What stands behind `check` on the command line; null: it was not understood. */
interface Asked {
  file: string | undefined;
  json: boolean;
  /** Warnings count as errors. */
  strict: boolean;
  timeoutMs: number;
}

/**
 * `check`: whether the configuration is what was meant. Connects to every tool server, and tells who may use what. null:
 * the words were not understood.
 */
export async function check(
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Promise<CommandResult | null> {
  const asked = parse(words);
  if (asked === null) return null;
  const report = await reportOf(asked, env, cwd);
  const isWrong = report.problems.some(({ level }) => asked.strict || level === "error");
  const output = asked.json ? `${JSON.stringify(report, null, 2)}\n` : describeReport(report);
  return { exitCode: isWrong ? 1 : 0, output };
}

async function reportOf(
  { file, timeoutMs }: Asked,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Promise<CheckReport> {
  let config: Config;
  try {
    config = loadConfig(file === undefined ? env : { ...env, CHATBOT_CONFIG: file }, readTextFile, cwd);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { servers: [], policies: [], problems: error.problems.map(invalid) };
  }
  return reportOn(config, await meetToolServers(config, timeoutMs));
}

/** `PORT: must be a whole number`. */
function invalid(problem: string): Problem {
  const [where = "", ...message] = problem.split(": ");
  return { level: "error", where, message: message.join(": ") };
}

function parse(words: readonly string[]): Asked | null {
  try {
    const { values, positionals } = parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true });
    const { json = false, strict = false, timeout = String(TIMEOUT_SECONDS) } = values;
    if (positionals.length > 1 || !/^[1-9][0-9]{0,3}$/.test(timeout)) return null;
    return { file: positionals[0], json, strict, timeoutMs: Number(timeout) * 1000 };
  } catch {
    return null;
  }
}

import { styleText } from "node:util";

type Colour = "blue" | "cyan" | "green" | "magenta" | "yellow";

const COLOURS: Readonly<Record<string, Colour>> = {
  server: "green",
  host: "blue",
  members: "yellow",
  claude: "magenta",
};

/** A line of a part's output, behind the part's name. JSON log lines are made readable. */
export function logLine(part: string, line: string): string {
  return `${styleText(COLOURS[part] ?? "cyan", part.padEnd(7))} │ ${readable(line)}`;
}

const LEVELS: Readonly<Record<number, string>> = {
  10: "trace",
  20: "debug",
  30: "info",
  40: "warn",
  50: "error",
  60: "fatal",
};

function readable(line: string): string {
  const entry = parseObject(line);
  if (entry === null || typeof entry["msg"] !== "string") return line;
  const { level, msg, time: _time, pid: _pid, hostname: _hostname, ...rest } = entry;
  const name = typeof level === "number" ? (LEVELS[level] ?? String(level)) : typeof level === "string" ? level : "";
  const fields = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return [name, msg, ...fields].filter((word) => word !== "").join(" ");
}

function parseObject(line: string): Record<string, unknown> | null {
  if (!line.startsWith("{")) return null;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : null;
  } catch {
    return null;
  }
}

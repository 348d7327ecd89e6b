import type { CallStart, CheckReport, PolicyTable } from "./check-report.ts";

const SIGNS: Readonly<Record<CallStart, string>> = {
  unasked: "runs",
  asks: "asks",
  "asks, may be remembered": "asks*",
};

/** The report as people read it. */
export function describeReport({ servers, policies, problems }: CheckReport): string {
  const found =
    problems.length === 0
      ? "Nothing is wrong."
      : problems.map(({ level, where, message }) => `${level.padEnd(7)}  ${where}: ${message}`).join("\n");
  // A configuration that cannot be read says nothing of servers and tools.
  if (policies.length === 0) return `${found}\n`;
  const sections = [
    servers.length === 0
      ? "There are no tool servers."
      : table([
          ["Tool server", "", "tools"],
          ...servers.map(({ name, state, tools }) => [name, state, state === "connected" ? String(tools) : "–"]),
        ]),
    ...policies.map(describePolicy),
    "runs: without asking · asks: a person approves each call · asks*: or the rest of a conversation · –: not offered",
    found,
  ];
  return `${sections.join("\n\n")}\n`;
}

function describePolicy({ issuers, tools, roles }: PolicyTable): string {
  const rows = tools.map(({ name, permissions }) => [
    name,
    permissions === null ? "(no rule)" : permissions.join(" ") || "(nothing)",
    ...roles.map((role) => {
      const start = role.tools?.[name];
      return start === undefined ? "–" : SIGNS[start];
    }),
  ]);
  const heads = ["Tool", "needs", ...roles.map(({ role, tools: usable }) => (usable === null ? `(${role})` : role))];
  return `With tokens of ${issuers.join(", ")}\n\n${table([heads, ...rows])}`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd())
    .join("\n");
}

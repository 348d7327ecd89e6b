// Which file may import what: the arrows of the README's picture and "one vendor, one door", as two tables.
//
//     demo -> server -> widget/protocol
//     main -> app -> routes -> { authenticate, admit, turn, stream } -> { tools, approval } -> { store, observe, audit, leaf files }
//
// Type-only imports count too: a type that has to be borrowed from a neighbour is a dependency like any other.

import { posix } from "node:path";

/** One import or re-export, as it stands in a file. */
export interface ImportedModule {
  /** The importing file, from the repository's root, with forward slashes. */
  file: string;
  specifier: string;
  isTypeOnly: boolean;
}

// Every area may import itself and the leaf files at the root of server/src, such as errors.ts.
const STAGES = ["authenticate", "admit", "turn", "stream"];
const FOUNDATION = ["store", "observe", "audit"];
const SERVER_AREAS = new Map<string, readonly string[]>([
  ["main", ["app", "cli", "config", "routes", ...STAGES, "tools", "approval", ...FOUNDATION]],
  ["index", ["app", "config", "main", "routes", ...STAGES, "tools", "approval", ...FOUNDATION]],
  ["app", ["routes", ...STAGES, "tools", "approval", ...FOUNDATION]],
  ["cli", ["config", "tools", "approval", ...FOUNDATION]],
  ["config", [...STAGES, "tools", "approval", ...FOUNDATION]],
  ["routes", [...STAGES, "tools", "approval", ...FOUNDATION]],
  ...STAGES.map((stage): [string, readonly string[]] => [stage, ["tools", "approval", ...FOUNDATION]]),
  ["tools", FOUNDATION],
  // The policy judges tools, so it knows what a tool is, but not where tools come from.
  ["approval", ["tools/tool.ts", ...FOUNDATION]],
  // What happened is put down in the same transaction.
  ["store", ["audit"]],
  ["observe", []],
  ["audit", []],
  ["leaf", []],
]);

const KOA_FILES = /^(app\.ts|routes\/.+|stream\/.+|authenticate\/authenticate\.ts|admit\/admit\.ts)$/;
const VENDOR_DOORS: readonly { vendor: RegExp; door: RegExp; where: string }[] = [
  { vendor: /^jose(\/|$)/, door: /^authenticate\//, where: "authenticate/" },
  { vendor: /^@anthropic-ai\/sdk(\/|$)/, door: /^turn\//, where: "turn/" },
  { vendor: /^@modelcontextprotocol\//, door: /^tools\/mcp-[^/]+$/, where: "tools/mcp-*.ts" },
  { vendor: /^(kysely|pg|node:sqlite)(\/|$)/, door: /^store\/sql\//, where: "store/sql/" },
  { vendor: /^(redis|@redis\/.+)$/, door: /^store\/redis-coordination\.ts$/, where: "store/redis-coordination.ts" },
  { vendor: /^(koa|@koa\/.+)$/, door: KOA_FILES, where: "app.ts, routes/, stream/ and the two middleware files" },
];

/** Why the import is not allowed, or `undefined` when it is. Tests and shared suites may import what they like. */
export function importProblem(imported: ImportedModule): string | undefined {
  const { file, specifier } = imported;
  if (!/^(widget|server|demo)\/src\//.test(file) || /\.(test|contract)\.ts$/.test(file)) return undefined;
  if (specifier.startsWith(".")) return relativeProblem(file, posix.join(posix.dirname(file), specifier));
  return ownPackageProblem(imported) ?? vendorProblem(file, specifier);
}

function relativeProblem(file: string, target: string): string | undefined {
  const [fromPackage, , ...from] = file.split("/");
  const [toPackage, , ...to] = target.split("/");
  if (fromPackage !== toPackage) return `${fromPackage} may not reach into ${toPackage} by path.`;
  if (fromPackage === "widget") return protocolProblem(from, to);
  if (fromPackage !== "server") return undefined;
  const [fromArea, toArea] = [areaOf(from), areaOf(to)];
  const allowed = SERVER_AREAS.get(fromArea);
  if (allowed === undefined) return `server/src/${fromArea}/ is not an area of the server: see .ci/import-rules.ts.`;
  if (fromArea === toArea || toArea === "leaf" || allowed.includes(toArea) || allowed.includes(to.join("/")))
    return undefined;
  return `Imports point one way: ${fromArea} may not import ${toArea}. What it needs from there is an argument.`;
}

function protocolProblem(from: string[], to: string[]): string | undefined {
  if (from[0] !== "protocol" || to[0] === "protocol") return undefined;
  return "The protocol stands alone: it may import nothing else of the widget.";
}

function ownPackageProblem({ file, specifier, isTypeOnly }: ImportedModule): string | undefined {
  if (!specifier.startsWith("@chat-bot/") || file.startsWith("demo/")) return undefined;
  if (file.startsWith("widget/")) return "The widget imports nothing of ours.";
  if (specifier === "@chat-bot/widget/protocol" && isTypeOnly) return undefined;
  return "From the widget the server imports types of @chat-bot/widget/protocol only, with `import type`.";
}

function vendorProblem(file: string, specifier: string): string | undefined {
  if (!file.startsWith("server/")) return undefined;
  const path = file.slice("server/src/".length);
  const door = VENDOR_DOORS.find((entry) => entry.vendor.test(specifier) && !entry.door.test(path));
  return door === undefined ? undefined : `One vendor, one door: ${specifier} is imported only in ${door.where}.`;
}

/** The folder below src, or for a file directly in it its own name where that is an area, else "leaf". */
function areaOf(path: string[]): string {
  const [first = "", ...rest] = path;
  if (rest.length > 0) return first;
  const name = first.replace(/\.ts$/, "");
  return ["main", "index", "app", "config"].includes(name) ? name : "leaf";
}

import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import type { Answer } from "./forgery-client.ts";

/** HTTP status and members, besides the three that all have, of every refusal that a request can cause. */
const REFUSALS: ReadonlyMap<string, { status: number; details?: readonly string[]; retry?: true }> = new Map([
  ["invalid_json", { status: 400 }],
  ["invalid_payload", { status: 400, details: ["issues"] }],
  ["invalid_token", { status: 401 }],
  ["token_expired", { status: 401 }],
  ["forbidden", { status: 403, details: ["permission"] }],
  ["origin_not_allowed", { status: 403 }],
  ["not_found", { status: 404 }],
  ["method_not_allowed", { status: 405 }],
  ["concurrent_request", { status: 409, details: ["conversation_id", "turn_id"] }],
  ["already_decided", { status: 409, details: ["decision"] }],
  ["approval_expired", { status: 410 }],
  ["approval_superseded", { status: 410 }],
  ["payload_too_large", { status: 413 }],
  ["unsupported_media_type", { status: 415 }],
  ["input_changed", { status: 422 }],
  ["idempotency_mismatch", { status: 422 }],
  ["limit_exceeded", { status: 429, details: ["limit_type", "limit", "used", "resets_at"], retry: true }],
  ["too_many_requests", { status: 429, retry: true }],
  ["store_unavailable", { status: 503, retry: true }],
]);

const COMMON = ["error", "message", "request_id"];
/** What only the inside of the server could tell. */
const INTERNALS = [
  fileURLToPath(new URL("../../../", import.meta.url)),
  tmpdir(),
  "node_modules",
  "node:internal",
  "\\n    at ",
  "SQLITE",
];

/** The code of a refusal; empty when the body is none. */
export function codeOf({ body }: Answer): string {
  const code = membersOf(body)?.["error"];
  return typeof code === "string" ? code : "";
}

/** What of an answer with a status of 400 or more is not as the contract has it. */
export function refusalFaults(answer: Answer): string[] {
  const { status, headers, body } = answer;
  const members = membersOf(body);
  if (members === null) return ["its body is no JSON object"];
  const code = codeOf(answer);
  const refusal = REFUSALS.get(code);
  if (refusal === undefined) return [`the code ${code} is none that a request can cause`];
  const faults: string[] = [];
  if (status !== refusal.status) faults.push(`${code} with ${status}`);
  const allowed = [...COMMON, ...(refusal.details ?? [])];
  const names = Object.keys(members);
  for (const name of allowed) if (!names.includes(name)) faults.push(`has no ${name}`);
  for (const name of names) if (!allowed.includes(name)) faults.push(`has the member ${name}`);
  if (typeof members["message"] !== "string" || members["message"] === "") faults.push("says nothing");
  if (members["request_id"] !== headers["x-request-id"]) faults.push("request_id is not that of the header");
  if (!/^application\/json(;|$)/.test(headers["content-type"] ?? "")) faults.push("is not marked as JSON");
  if (status === 401 && headers["www-authenticate"] === undefined) faults.push("has no WWW-Authenticate");
  if (status === 405 && headers["allow"] === undefined) faults.push("has no Allow");
  if (refusal.retry === true && !/^\d+$/.test(headers["retry-after"] ?? "")) faults.push("has no Retry-After");
  if (code === "invalid_payload" && !areIssues(members["issues"])) faults.push("its issues are no list of issues");
  for (const inside of INTERNALS) if (body.includes(inside)) faults.push(`tells of ${inside}`);
  return faults;
}

function membersOf(body: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
      ? Object.fromEntries(Object.entries(parsed))
      : null;
  } catch {
    return null;
  }
}

function areIssues(issues: unknown): boolean {
  if (!Array.isArray(issues) || issues.length === 0) return false;
  return issues.every((issue: unknown) => {
    if (typeof issue !== "object" || issue === null) return false;
    const entries = Object.entries(issue);
    return (
      entries.length === 2 && "path" in issue && "message" in issue && entries.every(([, v]) => typeof v === "string")
    );
  });
}

/** The requests that only the session view makes: who the person is here, what may be done for them, what was allowed. */
import type {
  ApprovalRule,
  RememberedApprovalList,
  SessionResponse,
  UsageResponse,
  UsageTotals,
} from "../protocol/index.ts";
import type { HttpTransport } from "./http-transport.ts";
import { type Guard, hasShape, isListOf, isNumber, isOneOf, isRecord, isString, optional } from "./shape.ts";
import { TransportError } from "./transport-error.ts";

/** What the requests go through. They reject with a `TransportError`, or with the reason of an aborted signal. */
export type SessionTransport = Pick<HttpTransport, "fetchJson">;

/** A tool that was approved for the rest of a conversation. */
export type RememberedApproval = RememberedApprovalList["approvals"][number];

const isTotals: Guard<UsageTotals> = hasShape<UsageTotals>({
  used: isNumber,
  reserved: isNumber,
  limit: isNumber,
  resets_at: isString,
});

const isUsage: Guard<UsageResponse> = hasShape<UsageResponse>({
  user: isTotals,
  organization: isTotals,
  global: optional(isTotals),
});

const isSession: Guard<SessionResponse> = hasShape<SessionResponse>({
  user: hasShape<SessionResponse["user"]>({ id: isString, name: optional(isString) }),
  organization: hasShape<SessionResponse["organization"]>({ id: isString }),
  permissions: isListOf(isString),
  tools: isListOf(
    hasShape<SessionResponse["tools"][number]>({
      name: isString,
      title: isString,
      description: isString,
      approval: isOneOf<ApprovalRule>("always", "never", "auto"),
    }),
  ),
  limits: isUsage,
  model: isString,
  features: (value): value is Record<string, never> => isRecord(value),
});

const isApprovalList: Guard<RememberedApprovalList> = hasShape<RememberedApprovalList>({
  approvals: isListOf(hasShape<RememberedApproval>({ name: isString, title: isString, decided_at: isString })),
});

/** Who the person is here, and what the assistant may do for them. */
export async function loadSession(transport: SessionTransport, signal: AbortSignal): Promise<SessionResponse> {
  return checked(await transport.fetchJson("GET", "/session", signal), isSession);
}

/** What is used of the daily limits. */
export async function loadUsage(transport: SessionTransport): Promise<UsageResponse> {
  return checked(await transport.fetchJson("GET", "/usage"), isUsage);
}

/** What was approved for the rest of a conversation; nothing in one that is gone. */
export async function loadApprovals(
  transport: SessionTransport,
  conversationId: string,
  signal: AbortSignal,
): Promise<RememberedApproval[]> {
  try {
    return checked(await transport.fetchJson("GET", approvalsPath(conversationId), signal), isApprovalList).approvals;
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

/** From its next call on the tool asks again. */
export async function forgetApproval(transport: SessionTransport, conversationId: string, name: string): Promise<void> {
  try {
    await transport.fetchJson("DELETE", `${approvalsPath(conversationId)}/${encodeURIComponent(name)}`);
  } catch (error) {
    // Forgotten already, as from another window.
    if (!isNotFound(error)) throw error;
  }
}

function approvalsPath(conversationId: string): string {
  return `/conversations/${encodeURIComponent(conversationId)}/approvals`;
}

function isNotFound(error: unknown): boolean {
  return error instanceof TransportError && error.code === "not_found";
}

function checked<Type>(value: unknown, guard: Guard<Type>): Type {
  if (guard(value)) return value;
  throw new TransportError("network");
}

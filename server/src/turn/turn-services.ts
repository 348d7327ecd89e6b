import type { ErrorCode } from "@chat-bot/widget/protocol";
import type { Identity, Owner } from "../store/identity.ts";
import type { Reservation, Store } from "../store/store.ts";
import type { Locale } from "../store/turn-record.ts";
import type { CatalogTool, Tool, ToolCatalog, ToolRule } from "../tools/tool.ts";
import type { StepUsage } from "./accumulate-message.ts";
import type { ModelClient } from "./model-client.ts";

/** The daily token limits, as a turn needs them. */
export interface TurnBudget {
  /** @throws ChatError `limit_exceeded`, StaleWriteError when the fence is not that of the turn's owner */
  reserve(
    owner: Owner,
    wanted: { turnId: string; fence: number | null; input: number; output: number },
  ): Promise<{ reservation: Reservation; maxOutputTokens: number }>;
  remaining(owner: Owner): Promise<{ user: number; organization: number }>;
  count: (usage: StepUsage) => number;
}

/** What happened, for metrics, logs and the audit. None of it may fail or hold up the turn. */
export interface TurnObserver {
  turnEnded(details: { reason: string; durationMs: number }): void;
  stepEnded(usage: StepUsage): void;
  /** `tool` is null where the model has named one that it was not offered. */
  toolCallEnded(details: { tool: string | null; outcome: string; durationMs: number }): void;
  providerRepeated(code: ErrorCode): void;
  /** A fault that only operators see. Never given any text of a conversation. */
  failed(what: string, error: unknown): void;
}

/** Bounds and wording of every turn. */
export interface TurnOptions {
  model: string;
  systemPrompt: string;
  maxSteps: number;
  maxOutputTokens: number;
  approvalTtlMs: number;
  /** Says an error to people. */
  errorMessage: (code: ErrorCode, locale: Locale, details?: { resets_at?: string }) => string;
}

/** Everything a turn needs from outside. */
export interface TurnServices {
  store: Store;
  budget: TurnBudget;
  model: ModelClient;
  catalog: ToolCatalog;
  /** The tools that an identity may see and run. */
  permittedTools(tools: readonly CatalogTool[], identity: Identity): readonly Tool[];
  /** The rule by which an identity may run the tool with this name, whether or not it is there now; null: there is none. */
  ruleOf(tool: string, identity: Identity): ToolRule | null;
  observer: TurnObserver;
  options: TurnOptions;
  /** Whether somebody's token counts no longer although its time has not come. */
  isRevoked(identity: Identity): boolean;
  /** This process goes on without the others: see `Coordination`. */
  isDegraded(): boolean;
  /** The clock, in milliseconds. */
  now: () => number;
  /** Resolves after so many milliseconds; rejects when aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

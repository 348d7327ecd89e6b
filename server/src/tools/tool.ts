import type {
  ApprovalRule,
  ToolAnnotations,
  ToolChunkChannel,
  ToolContentBlock,
  ToolInput,
} from "@chat-bot/widget/protocol";
import type { Owner } from "../store/identity.ts";

/** What the operator says about a tool (`tools` in the configuration file). */
export interface ToolRule {
  /** All of them must be held to see or run the tool. */
  permissions: readonly string[];
  approval: ApprovalRule;
  /** Running it twice does what running it once does: it may be run again after a crash. */
  idempotent?: boolean | undefined;
  /** A person may approve it for the rest of the conversation. */
  remember?: boolean | undefined;
  timeoutSeconds?: number | undefined;
  /** Show the model's input while it is being written. */
  streamInput?: boolean | undefined;
}

/** A delta of live output. Offsets are counted by the caller. */
export interface ToolDelta {
  channel: Exclude<ToolChunkChannel, "input">;
  chunk: string;
  path?: string;
  progress?: number;
  total?: number;
}

/** What a tool gets besides its input. */
export interface ToolCallContext {
  /** Cancel, deadline or shutdown. A tool that ends after it is late: its output is dropped. */
  signal: AbortSignal;
  toolUseId: string;
  /** The same for every attempt at this call; sent to MCP servers as `_meta["chatbot/idempotencyKey"]`. */
  idempotencyKey: string;
  owner: Owner;
  /** Shows live output. Resolves when the delta is recorded, so that a tool never runs ahead of the log. */
  onDelta(delta: ToolDelta): Promise<void>;
}

/**
 * What a tool answered. A tool that fails answers `isError`; it throws only the reason of an abort, `CallLost` when
 * nobody can know whether the call took effect, and what `onDelta` threw.
 */
export interface ToolOutput {
  content: ToolContentBlock[];
  structuredContent?: Record<string, unknown>;
  isError: boolean;
}

/** A tool as the model, the policy and the ledger see it. */
export interface Tool {
  /** `<server>__<tool>`, `^[a-zA-Z0-9_-]{1,64}$`: what the model calls. */
  name: string;
  /** Configured name of the tool's server; `workspace` for the built-in ones. */
  server: string;
  title: string;
  description: string;
  /** JSON Schema of the input, `type: "object"`. */
  inputSchema: Record<string, unknown>;
  annotations: ToolAnnotations;
  rule: ToolRule;
  /** The operator vouches for the server's annotations. */
  trusted: boolean;
  /** Lower-case hex SHA-256 over name, description, schema and annotations. */
  fingerprint: string;
  /** Whether it may run again after a crash: read-only (trusted), idempotent, or it honours our key. */
  repeatable: boolean;
  /** Why this input is not valid, in words for the model; null when it is. */
  checkInput(input: ToolInput): string | null;
  /**
   * What is different for somebody with these permissions, of a tool that does less for some: its schema, and what is no
   * valid input. The fingerprint is that of the whole tool.
   */
  limitedTo?(permissions: readonly string[]): Partial<Pick<Tool, "inputSchema" | "checkInput">>;
  run(input: ToolInput, context: ToolCallContext): Promise<ToolOutput>;
}

/** A tool before it is known whose rules apply. */
export interface CatalogTool extends Omit<Tool, "rule"> {
  /** The server's; null where only an issuer's own rules name the tool. */
  rule: ToolRule | null;
  /** What is different under a rule in its place. */
  under?(rule: ToolRule): Pick<Tool, "repeatable" | "run">;
}

/** Where tools come from. */
export interface ToolCatalog {
  /**
   * Every tool, sorted by name. Those of a server that does not answer are told as they were the last time; the server
   * with this name is asked anew, and left out when it does not answer. Never throws.
   */
  list(askAnew?: string): Promise<readonly CatalogTool[]>;
  /**
   * The server's rule for the tool with this name, whether or not its tool server has it, and without asking it; null where
   * only an issuer's own rules name it, or none.
   */
  ruleOf(name: string): ToolRule | null;
  /**
   * Hears what a tool server's tools are, all of them, when they were asked for the first time and whenever one is new, gone,
   * or not what it was; the result ends that.
   */
  onLoaded(listener: (server: string, tools: readonly Pick<Tool, "name" | "fingerprint">[]) => void): () => void;
  /** State of each tool server, by configured name, for `/ready` and `/metrics`. */
  health(): ReadonlyMap<string, "connected" | "connecting" | "failed">;
  close(): Promise<void>;
}

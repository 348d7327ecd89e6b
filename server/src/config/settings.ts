import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { TokenLimits } from "../admit/token-budget.ts";
import type { DatabaseLocation } from "../store/sql/open-store.ts";
import { describeIssues } from "./describe-issues.ts";
import type { Environment } from "./environment.ts";

/** What the environment decides besides the issuer; defaults are filled in, paths are absolute. */
export interface Settings {
  anthropic: {
    /** Null: the chatbot is disabled. */
    apiKey: string | null;
    model: string;
    baseUrl: string | null;
  };
  http: { host: string; port: number };
  /** Daily tokens. */
  limits: TokenLimits;
  /** What a token read from the prompt cache counts, 0 to 1. */
  cacheReadWeight: number;
  /** With retention 0: in memory. */
  database: DatabaseLocation;
  /** How long an unused conversation is kept; 0: as long as the process, a day at the most. */
  retentionDays: number;
  /** The first one signs the audit trail; those after it have signed it before. None: it is hashed only. */
  auditKeys: readonly string[];
  /** Null: this is the only process. */
  redisUrl: string | null;
  onRedisLoss: "fail_closed" | "local_share";
  workspaceDir: string;
  maxSteps: number;
  maxOutputTokens: number;
  lockTtlSeconds: number;
  leaseSeconds: number;
  approvalTtlSeconds: number;
  providerIdleSeconds: number;
  drainSeconds: number;
  requestsPerMinute: number;
  replicas: number;
  logLevel: LogLevel;
  /** Without a port of its own the page needs the token. */
  metrics: { port: number | null; token: string | null };
}

type LogLevel = "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";

/** A whole number within bounds, written in digits. */
function wholeNumber(min: number, max: number, fallback: number): z.ZodType<number> {
  return digits(min, max).default(fallback);
}

function digits(min: number, max: number): z.ZodPipe<z.ZodString, z.ZodTransform<number, string>> {
  const message = `must be a whole number from ${min} to ${max}`;
  const isWithin = (text: string): boolean => /^[0-9]{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max;
  return z.string().refine(isWithin, message).transform(Number);
}

const MAX_TOKENS = 1_000_000_000_000;
const MAX_SECONDS = 24 * 60 * 60;

const visible = z.string().regex(/^[\x21-\x7e]+$/, "must be visible ASCII characters without spaces");

const MIN_AUDIT_KEY_LENGTH = 32;

const auditKeysSchema = z
  .string()
  .transform((text) => text.split(",").map((key) => key.trim()))
  .refine(
    (keys) => keys.every((key) => key.length >= MIN_AUDIT_KEY_LENGTH),
    `must be keys of at least ${MIN_AUDIT_KEY_LENGTH} characters, separated by commas`,
  )
  .default([]);

const databaseSchema = z
  .string()
  .transform((text, context): DatabaseLocation => {
    const location = readDatabaseUrl(text);
    if (location !== null) return location;
    const message = "must name a SQLite file, such as file:./data/chatbot.db, or be a postgres:// URL with a database";
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  })
  .optional();

/** A path may be relative. Null when it is neither of the two: it may hold a password, so no problem shows it. */
function readDatabaseUrl(text: string): DatabaseLocation | null {
  if (/^postgres(ql)?:/.test(text)) {
    const url = URL.canParse(text) ? new URL(text) : null;
    const isComplete = url !== null && url.pathname.length > 1 && (url.hostname !== "" || url.searchParams.has("host"));
    return isComplete ? { type: "postgres", url: text } : null;
  }
  if (!text.startsWith("file:") || text.length === "file:".length) return null;
  if (!text.startsWith("file://")) return { type: "sqlite", path: text.slice("file:".length) };
  try {
    return { type: "sqlite", path: fileURLToPath(text) };
  } catch {
    return null;
  }
}

const redisUrlSchema = z
  .string()
  .refine(isRedisUrl, "must be a redis:// or rediss:// URL, with the number of a database at the most");

function isRedisUrl(text: string): boolean {
  if (!/^rediss?:\/\//.test(text) || !URL.canParse(text)) return false;
  const { hostname, pathname } = new URL(text);
  return hostname !== "" && /^(?:\/\d{0,4})?$/.test(pathname);
}

/** Every variable but those of the issuer and of the file: names as in the README, “Running the server”. */
const variablesSchema = z.object({
  ANTHROPIC_API_KEY: visible.optional(),
  ANTHROPIC_MODEL: visible.default("claude-haiku-4-5"),
  ANTHROPIC_BASE_URL: z.url({ protocol: /^https?$/, error: "must be an http or https URL" }).optional(),
  PORT: wholeNumber(0, 65_535, 4000),
  HOST: visible.default("127.0.0.1"),
  CHATBOT_DAILY_TOKEN_LIMIT_USER: wholeNumber(0, MAX_TOKENS, 50_000),
  CHATBOT_DAILY_TOKEN_LIMIT_ORGANIZATION: wholeNumber(0, MAX_TOKENS, 1_000_000),
  CHATBOT_DAILY_TOKEN_LIMIT_GLOBAL: wholeNumber(0, MAX_TOKENS, 1_000_000),
  CHATBOT_CACHE_READ_WEIGHT: z
    .string()
    .regex(/^(?:0(?:\.[0-9]{1,6})?|1(?:\.0{1,6})?)$/, "must be a number from 0 to 1")
    .transform(Number)
    .default(0.1),
  DATABASE_URL: databaseSchema,
  REDIS_URL: redisUrlSchema.optional(),
  CHATBOT_RETENTION_DAYS: wholeNumber(0, 36_500, 30),
  CHATBOT_AUDIT_KEY: auditKeysSchema,
  CHATBOT_ON_REDIS_LOSS: z
    .enum(["fail_closed", "local_share"], "must be fail_closed or local_share")
    .default("fail_closed"),
  WORKSPACE_DIR: z.string().default("workspace"),
  CHATBOT_MAX_STEPS: wholeNumber(1, 100, 10),
  CHATBOT_MAX_OUTPUT_TOKENS: wholeNumber(1, 1_000_000, 4096),
  CHATBOT_LOCK_TTL_SECONDS: wholeNumber(1, MAX_SECONDS, 300),
  CHATBOT_LEASE_SECONDS: wholeNumber(1, MAX_SECONDS, 10),
  CHATBOT_APPROVAL_TTL_SECONDS: wholeNumber(1, 30 * MAX_SECONDS, 900),
  CHATBOT_PROVIDER_IDLE_SECONDS: wholeNumber(1, MAX_SECONDS, 60),
  CHATBOT_DRAIN_SECONDS: wholeNumber(0, MAX_SECONDS, 30),
  CHATBOT_REQUESTS_PER_MINUTE: wholeNumber(1, 1_000_000, 120),
  CHATBOT_REPLICAS: wholeNumber(1, 10_000, 1),
  LOG_LEVEL: z
    .enum(
      ["fatal", "error", "warn", "info", "debug", "trace", "silent"],
      "must be fatal, error, warn, info, debug, trace or silent",
    )
    .default("info"),
  METRICS_PORT: digits(0, 65_535).optional(),
  METRICS_TOKEN: visible.optional(),
});

/** Adds to `problems`, and answers null, when a variable has a value it must not have. */
export function readSettings(environment: Environment, cwd: string, problems: string[]): Settings | null {
  const parsed = variablesSchema.safeParse(Object.fromEntries(environment));
  if (parsed.success) {
    problems.push(...retentionProblems(parsed.data));
    return toSettings(parsed.data, cwd);
  }
  for (const { path, message } of describeIssues(parsed.error.issues)) problems.push(`${path}: ${message}`);
  return null;
}

type Variables = z.infer<typeof variablesSchema>;

/** What is to be kept nowhere cannot be kept where it was said, nor shared. */
function retentionProblems({ CHATBOT_RETENTION_DAYS, DATABASE_URL, REDIS_URL }: Variables): string[] {
  if (CHATBOT_RETENTION_DAYS > 0) return [];
  const set = Object.entries({ DATABASE_URL, REDIS_URL }).filter(([, value]) => value !== undefined);
  return set.map(([name]) => `CHATBOT_RETENTION_DAYS: with 0 everything is in memory, so ${name} must not be set`);
}

function databaseOf({ CHATBOT_RETENTION_DAYS, DATABASE_URL }: Variables): DatabaseLocation {
  if (CHATBOT_RETENTION_DAYS === 0) return { type: "sqlite", path: ":memory:" };
  return DATABASE_URL ?? { type: "sqlite", path: "./data/chatbot.db" };
}

function toSettings(variables: Variables, cwd: string): Settings {
  return {
    anthropic: {
      apiKey: variables.ANTHROPIC_API_KEY ?? null,
      model: variables.ANTHROPIC_MODEL,
      baseUrl: variables.ANTHROPIC_BASE_URL ?? null,
    },
    http: { host: variables.HOST, port: variables.PORT },
    limits: {
      user: variables.CHATBOT_DAILY_TOKEN_LIMIT_USER,
      organization: variables.CHATBOT_DAILY_TOKEN_LIMIT_ORGANIZATION,
      global: variables.CHATBOT_DAILY_TOKEN_LIMIT_GLOBAL,
    },
    cacheReadWeight: variables.CHATBOT_CACHE_READ_WEIGHT,
    database: absolute(databaseOf(variables), cwd),
    retentionDays: variables.CHATBOT_RETENTION_DAYS,
    auditKeys: variables.CHATBOT_AUDIT_KEY,
    redisUrl: variables.REDIS_URL ?? null,
    onRedisLoss: variables.CHATBOT_ON_REDIS_LOSS,
    workspaceDir: resolve(cwd, variables.WORKSPACE_DIR),
    maxSteps: variables.CHATBOT_MAX_STEPS,
    maxOutputTokens: variables.CHATBOT_MAX_OUTPUT_TOKENS,
    lockTtlSeconds: variables.CHATBOT_LOCK_TTL_SECONDS,
    leaseSeconds: variables.CHATBOT_LEASE_SECONDS,
    approvalTtlSeconds: variables.CHATBOT_APPROVAL_TTL_SECONDS,
    providerIdleSeconds: variables.CHATBOT_PROVIDER_IDLE_SECONDS,
    drainSeconds: variables.CHATBOT_DRAIN_SECONDS,
    requestsPerMinute: variables.CHATBOT_REQUESTS_PER_MINUTE,
    replicas: variables.CHATBOT_REPLICAS,
    logLevel: variables.LOG_LEVEL,
    metrics: { port: variables.METRICS_PORT ?? null, token: variables.METRICS_TOKEN ?? null },
  };
}

function absolute(database: DatabaseLocation, cwd: string): DatabaseLocation {
  if (database.type !== "sqlite" || database.path === ":memory:") return database;
  return { ...database, path: resolve(cwd, database.path) };
}

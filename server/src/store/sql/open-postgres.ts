import {
  Kysely,
  type PostgresCursor,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
  type PostgresQueryResult,
} from "kysely";
import { Pool, type PoolClient, types } from "pg";
import { ChatError } from "../../errors.ts";
import type { Schema } from "./schema.ts";

/** How long anything may take. */
export type StatementLimits = "bounded" | "unbounded";

/** What the database tells of its connections. */
export interface PostgresOptions {
  /** Whoever migrates waits for others who do, and for as long as a table takes. */
  limits: StatementLimits;
  /** Hears when a connection is lost that nobody was using at that moment. */
  onLost: (error: unknown) => void;
}

const CONNECTIONS = 10;
/** Also for one of those that are there already, when all are busy. */
const CONNECT_MS = 5000;
const STATEMENT_MS = 3000;
/** A server that does not even say that it was too slow is not there. */
const ANSWER_MS = 4000;
/** A process that was stopped in the middle of a transaction must not keep its locks from all others. */
const IDLE_IN_TRANSACTION_MS = 2000;

/** Opens a PostgreSQL database. Connects when the first statement is run. */
export function openPostgres(url: string, { limits, onLost }: PostgresOptions): Kysely<Schema> {
  const bounds = {
    statement_timeout: STATEMENT_MS,
    query_timeout: ANSWER_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  };
  const pool = new Pool({
    connectionString: url,
    application_name: "chatbot",
    max: limits === "bounded" ? CONNECTIONS : 1,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    types: { getTypeParser: parserOf },
    ...(limits === "bounded" ? bounds : {}),
  });
  pool.on("error", onLost);
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool: adapt(pool) }) });
}

/** Our counters are far from where a number loses count. */
const parserOf: typeof types.getTypeParser = (id, format) =>
  id === types.builtins.INT8 ? Number : types.getTypeParser(id, format);

/** A pool whose errors are those of the store. */
function adapt(pool: Pool): PostgresPool {
  return {
    options: pool.options,
    connect: async () => adaptClient(await available(() => pool.connect())),
    end: () => pool.end(),
  };
}

function adaptClient(client: PoolClient): PostgresPoolClient {
  // What is lost while nothing is asked is told by the next answer; without a listener it would end the process.
  const ignore = (): void => undefined;
  client.on("error", ignore);
  function query<Row>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<Row>>;
  function query<Row>(cursor: PostgresCursor<Row>): PostgresCursor<Row>;
  function query(sql: unknown, parameters: readonly unknown[] = []): unknown {
    if (typeof sql !== "string") throw new TypeError("nothing here reads by cursor");
    return available(() => client.query(sql, [...parameters]));
  }
  return {
    query,
    release: (destroy) => {
      client.off("error", ignore);
      client.release(destroy);
    },
  };
}

/** A database that is down, full, read-only or too slow: for everybody above, the store is not available. */
async function available<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    throw new ChatError("store_unavailable", { cause, retryAfterSeconds: 5 });
  }
}

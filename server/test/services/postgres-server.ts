import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { CHECKPOINT_CHAIN, headSeal, NO_HASH } from "../../src/audit/audit-chain.ts";
import { AuditKeys } from "../../src/audit/audit-keys.ts";
import { findProgram, POSTGRES } from "./installed.ts";
import { onFreePort, type ServiceProcess, startService } from "./service-process.ts";

const run = promisify(execFile);
const USER = "chatbot";

/** Where every chain of the audit trail begins. */
const SEALS = Array.from({ length: CHECKPOINT_CHAIN + 1 }, (_, chain) => {
  const seal = headSeal({ chain, count: 0, hash: NO_HASH, keyId: null }, new AuditKeys());
  return `(${chain}, '${seal}')`;
});

/** Every table but those in which migrations are noted; the audit trail is then one that nothing has happened in. */
const TRUNCATE = `
set session_replication_role = replica;
do $$
declare tables text;
begin
  select string_agg(quote_ident(tablename), ', ') into tables
    from pg_tables where schemaname = 'public' and tablename not like 'kysely%' and tablename != 'audit_chains';
  if tables is not null then execute 'truncate ' || tables; end if;
  if to_regclass('audit_chains') is not null then
    update audit_chains as head set count = 0, hash = '${NO_HASH}', key_id = null, seal = first.seal
      from (values ${SEALS.join(", ")}) as first (chain, seal) where head.chain = first.chain;
  end if;
end
$$`;

/** A PostgreSQL of its own for tests, on loopback, in a folder that is removed at the end. */
export interface PostgresServer {
  /** Makes an empty database; resolves with its URL. */
  createDatabase(): Promise<string>;
  /** Removes all rows, which is much faster than another database. */
  emptyDatabase(url: string): Promise<void>;
  /** Ends it at once, as a crash would; its data stay until `remove`. */
  stop(): Promise<void>;
  /** The same data at the same address. */
  restart(): Promise<void>;
  remove(): Promise<void>;
}

/** Resolves when it takes connections. */
export async function startPostgres(): Promise<PostgresServer> {
  const initdb = findProgram(POSTGRES);
  if (initdb === null) throw new Error(`${POSTGRES.name} is not installed: ${POSTGRES.install}`);
  const user = await serverUser();
  const password = randomBytes(16).toString("hex");
  const directory = await mkdtemp(join(tmpdir(), "chat-bot-postgres-"));
  const passwordFile = join(directory, "password");
  const data = join(directory, "data");
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user !== null) for (const path of [directory, passwordFile]) await chown(path, user.uid, user.gid);
  const initArgs = ["-D", data, "-U", USER, "--auth=scram-sha-256", `--pwfile=${passwordFile}`];
  await run(initdb, [...initArgs, "--encoding=UTF8", "--no-locale", "--no-sync"], { ...user, cwd: directory });
  return onFreePort(async (port) => {
    const settings = [
      "listen_addresses=127.0.0.1",
      "unix_socket_directories=",
      "max_connections=200",
      // What a machine that loses power would lose is nothing to a test.
      "fsync=off",
    ];
    const start = (): Promise<ServiceProcess> =>
      startService({
        command: join(dirname(initdb), "postgres"),
        args: ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])],
        readyLine: /database system is ready to accept connections/,
        stopSignal: "SIGQUIT",
        ...(user === null ? {} : { user }),
      });
    let running = await start();
    let databases = 0;
    const urlOf = (database: string): string => `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`;
    return {
      createDatabase: async () => {
        databases += 1;
        const name = `chatbot_${databases}`;
        await runSql(urlOf("postgres"), `create database ${name}`);
        return urlOf(name);
      },
      emptyDatabase: (url) => runSql(url, TRUNCATE),
      stop: () => running.stop(),
      restart: async () => {
        await running.stop();
        running = await start();
      },
      remove: async () => {
        await running.stop();
        await rm(directory, { recursive: true, force: true });
      },
    };
  });
}

async function runSql(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** PostgreSQL refuses to run as root: then it runs as its own user, or as nobody. */
async function serverUser(): Promise<{ uid: number; gid: number } | null> {
  if (process.getuid?.() !== 0) return null;
  const users = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  const found = users.find(([name]) => name === "postgres") ?? users.find(([name]) => name === "nobody");
  if (found === undefined) throw new Error("PostgreSQL does not run as root, and there is no user postgres or nobody");
  return { uid: Number(found[2]), gid: Number(found[3]) };
}

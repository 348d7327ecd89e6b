import { afterAll, beforeAll } from "vitest";
import { FaultRig } from "../faults/fault-rig.ts";
import { POSTGRES, REDIS, whereInstalled } from "../services/installed.ts";
import { type PostgresServer, startPostgres } from "../services/postgres-server.ts";
import { type RedisServer, startRedis } from "../services/redis-server.ts";

/** Defines tests of servers that keep their data in a PostgreSQL, a database for each rig, and meet in one Redis. */
export function withServices(define: (start: () => Promise<FaultRig>) => void): void {
  whereInstalled([POSTGRES, REDIS], () => {
    let postgres: PostgresServer;
    let redis: RedisServer;
    beforeAll(async () => {
      [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    });
    afterAll(async () => {
      await Promise.all([postgres?.remove(), redis?.stop()]);
    });
    define(async () =>
      FaultRig.start({ env: { DATABASE_URL: await postgres.createDatabase(), REDIS_URL: redis.url } }));
  });
}

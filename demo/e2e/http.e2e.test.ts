import { POSTGRES, REDIS, whereInstalled } from "../../server/test/services/installed.ts";
import { startPostgres } from "../../server/test/services/postgres-server.ts";
import { startRedis } from "../../server/test/services/redis-server.ts";
import { type Backend, describeHttp } from "./http.contract.ts";

describeHttp("with SQLite, on its own", () => Promise.resolve({ env: {}, stop: () => Promise.resolve() }));

whereInstalled([POSTGRES, REDIS], () => {
  describeHttp("with PostgreSQL and Redis", async (): Promise<Backend> => {
    const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    return {
      env: { DATABASE_URL: await postgres.createDatabase(), REDIS_URL: redis.url },
      stop: async () => void (await Promise.all([postgres.remove(), redis.stop()])),
    };
  });
});

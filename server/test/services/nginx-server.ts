import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram, type Program } from "./installed.ts";
import { onFreePort, startService } from "./service-process.ts";

export const NGINX: Program = {
  name: "nginx",
  folders: ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"],
  install: "apt-get install nginx",
};

/** Which upstream answered: the only thing that the tests add to nginx's defaults, and only for themselves. */
export const UPSTREAM_HEADER = "x-upstream";

/** An nginx of its own for tests, on loopback, in front of servers. */
export interface NginxServer {
  url: string;
  stop(): Promise<void>;
}

export interface NginxOptions {
  /** Servers that it passes requests to in turn, by URL. */
  upstreams: readonly string[];
  /** Directives of `location /`, each with its semicolon. The default is what distributions ship: none. */
  directives?: readonly string[];
}

/** Resolves when it takes connections. */
export async function startNginx(options: NginxOptions): Promise<NginxServer> {
  const command = findProgram(NGINX);
  if (command === null) throw new Error(`${NGINX.name} is not installed: ${NGINX.install}`);
  const directory = await mkdtemp(join(tmpdir(), "chat-bot-nginx-"));
  const file = join(directory, "nginx.conf");
  return onFreePort(async (port) => {
    await writeFile(file, configOf(port, directory, options));
    const running = await startService({
      command,
      args: ["-p", directory, "-c", file],
      // The last thing that it tells before it takes what has been waiting on its socket.
      readyLine: /getrlimit\(RLIMIT_NOFILE\)/,
      stopSignal: "SIGTERM",
    });
    return {
      url: `http://127.0.0.1:${port}`,
      stop: async () => {
        await running.stop();
        await rm(directory, { recursive: true, force: true });
      },
    };
  });
}

/**
 * The configuration that Debian ships, with the folders of this test instead of the machine's: nothing about proxying is
 * set but where to.
 */
function configOf(port: number, directory: string, { upstreams, directives = [] }: NginxOptions): string {
  const folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `daemon off;
master_process off;
pid ${join(directory, "nginx.pid")};
error_log stderr notice;
events {
  worker_connections 768;
}
http {
  sendfile on;
  tcp_nopush on;
  types_hash_max_size 2048;
  default_type application/octet-stream;
  gzip on;
  access_log off;
${folders.map((folder) => `  ${folder}_temp_path ${join(directory, folder)};`).join("\n")}
  upstream chat_bot {
${upstreams.map((url) => `    server ${new URL(url).host};`).join("\n")}
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://chat_bot;
      add_header ${UPSTREAM_HEADER} $upstream_addr always;
${directives.map((directive) => `      ${directive}`).join("\n")}
    }
  }
}
`;
}

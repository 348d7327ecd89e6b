import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findProgram, type Program } from "./installed.ts";
import { onFreePort, startService } from "./service-process.ts";

const run = promisify(execFile);

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
  /** The `server` block, instead of one that passes everything on; the servers behind it are named `UPSTREAM`. */
  server?: (listen: string) => string;
}

export const UPSTREAM = "chat_bot";

/** Resolves when it takes connections. */
export async function startNginx(options: NginxOptions): Promise<NginxServer> {
  const directory = await mkdtemp(join(tmpdir(), "chat-bot-nginx-"));
  const file = join(directory, "nginx.conf");
  const { upstreams, directives = [], server = passEverythingOn(directives) } = options;
  return onFreePort(async (port) => {
    const listed = upstreams.map((url) => `server ${new URL(url).host};`).join(" ");
    const blocks = `upstream ${UPSTREAM} { ${listed} }\n${server(`127.0.0.1:${port}`)}`;
    await writeFile(file, configOf(directory, blocks));
    const running = await startService({
      command: nginxCommand(),
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

/** What `nginx -t` says of a `server` block. @throws when it is not accepted, with the reason */
export async function checkNginx(server: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "chat-bot-nginx-"));
  try {
    const file = join(directory, "nginx.conf");
    await writeFile(file, configOf(directory, server));
    const { stderr } = await run(nginxCommand(), ["-t", "-p", directory, "-c", file]);
    return stderr;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function nginxCommand(): string {
  const command = findProgram(NGINX);
  if (command === null) throw new Error(`${NGINX.name} is not installed: ${NGINX.install}`);
  return command;
}

function passEverythingOn(directives: readonly string[]): (listen: string) => string {
  return (listen) => `server {
  listen ${listen};
  location / {
    proxy_pass http://${UPSTREAM};
    add_header ${UPSTREAM_HEADER} $upstream_addr always;
    ${directives.join("\n    ")}
  }
}`;
}

/** The configuration that Debian ships, with the folders of this test instead of the machine's. */
function configOf(directory: string, blocks: string): string {
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
${blocks}
}
`;
}

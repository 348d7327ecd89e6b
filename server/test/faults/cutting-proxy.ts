import { connect, createServer, type Socket } from "node:net";

/** Where a connection is cut. What lies behind that place, the other side never gets. */
export type Cut =
  /** After so many bytes of the request, its head included, were passed on: without its end it is no request. */
  | { of: "request"; afterBytes: number }
  /** After so many bytes of the answer, its head included: with 0 the request was heard, and nothing is answered. */
  | { of: "answer"; afterBytes: number }
  /** After so many bytes of the answer's body, as chunked on the wire; also when nothing comes for so long. */
  | { of: "body"; afterBytes: number; silentMs?: number };

/** How connections are led. Both are asked anew for each. */
export interface CuttingProxyOptions {
  target(): string;
  /** null: this one is left whole. */
  cut(): Cut | null;
}

/** A way to a server on which connections are cut. */
export interface CuttingProxy extends AsyncDisposable {
  url: string;
  /** Connections cut so far. */
  readonly cuts: number;
  /** Bytes of the newest connection: its request as passed on, and the head of its answer. */
  readonly newest: { requestBytes: number; headBytes: number };
}

/** Starts a proxy on loopback. */
export async function startCuttingProxy(options: CuttingProxyOptions): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let cuts = 0;
  let newest = { requestBytes: 0, headBytes: 0 };
  const server = createServer({ noDelay: true }, (client) => {
    const { hostname, port } = new URL(options.target());
    const upstream = connect({ port: Number(port), host: hostname, noDelay: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      // A broken connection is what this is for.
      socket.on("error", () => undefined);
      socket.on("close", () => sockets.delete(socket));
    }
    newest = lead(client, upstream, options.cut(), () => {
      cuts += 1;
    });
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  return {
    url: `http://127.0.0.1:${port}`,
    get cuts() {
      return cuts;
    },
    get newest() {
      return newest;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Passes everything on up to the cut. Returns what is counted of the connection, which goes on growing. */
function lead(client: Socket, upstream: Socket, cut: Cut | null, onCut: () => void): CuttingProxy["newest"] {
  const counted = { requestBytes: 0, headBytes: 0 };
  let isCut = false;
  let silence: NodeJS.Timeout | undefined;
  const breakOff = (): void => {
    if (isCut) return;
    isCut = true;
    onCut();
    clearTimeout(silence);
    client.destroy();
    upstream.destroy();
  };
  client.on("close", () => {
    clearTimeout(silence);
    upstream.destroy();
  });
  upstream.on("close", () => client.end());

  client.on("data", (data: Buffer) => {
    if (isCut) return;
    const room = cut?.of === "request" ? cut.afterBytes - counted.requestBytes : Number.POSITIVE_INFINITY;
    const passed = data.subarray(0, room);
    counted.requestBytes += passed.length;
    if (data.length < room) upstream.write(passed);
    else upstream.write(passed, breakOff);
  });

  const head = new HeadBytes();
  let left = cut === null || cut.of === "request" ? Number.POSITIVE_INFINITY : cut.afterBytes;
  upstream.on("data", (data: Buffer) => {
    if (isCut || left < 0) return;
    const headBytes = head.take(data);
    counted.headBytes += headBytes;
    const uncounted = cut?.of === "body" ? headBytes : 0;
    const countedBytes = data.length - uncounted;
    if (cut?.of === "body" && cut.silentMs !== undefined) {
      clearTimeout(silence);
      silence = setTimeout(breakOff, cut.silentMs);
    }
    if (countedBytes < left) {
      left -= countedBytes;
      client.write(data);
      return;
    }
    const passed = data.subarray(0, uncounted + left);
    left = -1;
    if (passed.length === 0) breakOff();
    else client.write(passed, breakOff);
  });
  return counted;
}

const HEAD_END = "\r\n\r\n";

/** Tells head and body of an answer apart. */
class HeadBytes {
  #tail = "";
  #isOver = false;

  /** How many of these bytes belong to the head. */
  take(data: Buffer): number {
    if (this.#isOver) return 0;
    const text = this.#tail + data.toString("latin1");
    const end = text.indexOf(HEAD_END);
    if (end >= 0) {
      this.#isOver = true;
      return end + HEAD_END.length - this.#tail.length;
    }
    this.#tail = text.slice(1 - HEAD_END.length);
    return data.length;
  }
}

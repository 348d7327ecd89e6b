import { connect, createServer, type Socket } from "node:net";

/** A way to a server on which each connection is cut after so many bytes of its answer's body. */
export interface CuttingProxy extends AsyncDisposable {
  url: string;
  /** Bytes of the body, as chunked on the wire, that the connections made from now on let through. */
  cutAfterBytes: number;
  /** Connections cut so far. */
  readonly cuts: number;
}

/** Starts a proxy on loopback. `target` is asked anew for every connection. */
export async function startCuttingProxy(target: () => string): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let cuts = 0;
  const server = createServer((client) => {
    const { hostname, port } = new URL(target());
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      // A broken connection is what this is for.
      socket.on("error", () => undefined);
      socket.on("close", () => sockets.delete(socket));
    }
    client.pipe(upstream);
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.end());
    const body = new BodyBytes();
    let left = proxy.cutAfterBytes;
    upstream.on("data", (data: Buffer) => {
      const headBytes = body.take(data);
      const bodyBytes = data.length - headBytes;
      if (bodyBytes < left) {
        left -= bodyBytes;
        client.write(data);
        return;
      }
      cuts += 1;
      upstream.removeAllListeners("data");
      client.write(data.subarray(0, headBytes + left), () => client.destroy());
    });
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  const proxy: CuttingProxy = {
    url: `http://127.0.0.1:${port}`,
    cutAfterBytes: Number.POSITIVE_INFINITY,
    get cuts() {
      return cuts;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

const HEAD_END = "\r\n\r\n";

/** Tells head and body of an answer apart. */
class BodyBytes {
  #tail = "";
  #inBody = false;

  /** How many of these bytes belong to the head. */
  take(data: Buffer): number {
    if (this.#inBody) return 0;
    const text = this.#tail + data.toString("latin1");
    const end = text.indexOf(HEAD_END);
    if (end >= 0) {
      this.#inBody = true;
      return end + HEAD_END.length - this.#tail.length;
    }
    this.#tail = text.slice(1 - HEAD_END.length);
    return data.length;
  }
}

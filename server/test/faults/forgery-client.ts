import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";

/** A request as it is to stand on the wire: nothing is tidied up, and a header may come twice. */
export interface ForgedRequest {
  method: string;
  path: string;
  headers: readonly (readonly [name: string, value: string])[];
  body?: string | Buffer;
}

/** What came of a request. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** From the first byte sent to the last one received. */
  ms: number;
}

/** How an answer is read. */
export interface ReadOptions {
  /** The reader leaves as soon as this holds for what it has received. Default: reads to the end. */
  until?: (received: string) => boolean;
  /** Rejects when nothing has come for so long. Default: waits. */
  timeoutMs?: number;
  /** The reader leaves when the answer turns out to be an event stream. */
  leavesStreams?: boolean;
}

/** Plain HTTP over connections that are used again. */
export class ForgeryClient implements Disposable {
  readonly #url: URL;
  readonly #agent: Agent;

  constructor(url: string, connections: number) {
    this.#url = new URL(url);
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Rejects when the connection breaks before the answer is over. */
  send(forged: ForgedRequest, options: ReadOptions = {}): Promise<Answer> {
    const { method, path, body } = forged;
    const { hostname, port, host } = this.#url;
    const length = body === undefined ? [] : ["Content-Length", String(Buffer.byteLength(body))];
    // A list of headers is sent as it stands, also names that stand in it twice.
    const headers = ["Host", host, ...forged.headers.flat(), ...length];
    const startedAt = performance.now();
    return new Promise((resolve, reject) => {
      const onAnswer = (response: IncomingMessage): void => {
        let received = "";
        const done = (): void => {
          const { statusCode: status = 0 } = response;
          resolve({ status, headers: response.headers, body: received, ms: performance.now() - startedAt });
        };
        response.setEncoding("utf8").on("data", (text: string) => {
          received += text;
          if (options.until?.(received) !== true) return;
          done();
          sent.destroy();
        });
        response.once("end", done);
        response.once("error", reject);
        if (options.leavesStreams === true && response.headers["content-type"]?.startsWith("text/event-stream")) {
          done();
          sent.destroy();
        }
      };
      const sent = request({ agent: this.#agent, hostname, port, method, path, headers }, onAnswer);
      sent.once("error", reject);
      const { timeoutMs } = options;
      if (timeoutMs !== undefined) {
        sent.setTimeout(timeoutMs, () => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      }
      sent.end(body);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

import { parseJsonStrictly } from "../parse-json-strictly.ts";

const TIMEOUT_MS = 3000;
const MAX_BYTES = 256 * 1024;

/**
 * The JSON at an issuer's or an operator's address: within three seconds, 256 KB at the most, and from there alone.
 * Rejects whatever else happens.
 */
export async function loadJson(url: string, accept: string, fetchFrom: typeof fetch): Promise<unknown> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetchFrom(url, {
    redirect: "error",
    credentials: "omit",
    headers: { Accept: accept },
    signal,
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`It answered ${response.status}.`);
  }
  return parseJsonStrictly(await readText(response));
}

/** Keys and revocations travel over https only; on this machine, in development, over http too. */
export function isTrustedUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "") return false;
  if (url.protocol === "https:") return true;
  return url.protocol === "http:" && isLoopbackUrl(text);
}

/** Whether it is an address of this machine. */
export function isLoopbackUrl(text: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(URL.parse(text)?.hostname ?? "");
}

/** The body, given up as soon as it is too long, whatever its headers said. */
async function readText(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop cancels the rest of the body.
  for await (const piece of response.body ?? []) {
    bytes += piece.byteLength;
    if (bytes > MAX_BYTES) throw new Error("It is too large.");
    pieces.push(piece);
  }
  return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(pieces));
}

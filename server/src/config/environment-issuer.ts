import { keyProblem } from "../authenticate/signature-algorithms.ts";
import type { IssuerKey } from "../authenticate/token-issuer.ts";
import type { Environment } from "./environment.ts";
import { type IssuerConfig, isAllowedOrigin } from "./issuer-config.ts";

const KEY_VARIABLES = ["CHATBOT_JWT_JWKS_URL", "CHATBOT_JWT_PUBLIC_KEY", "CHATBOT_JWT_SECRET"];

/** The issuer that the environment describes. Adds to `problems`, and answers null, when it describes none. */
export function readEnvironmentIssuer(environment: Environment, problems: string[]): IssuerConfig | null {
  const before = problems.length;
  const issuer = readLine("CHATBOT_JWT_ISSUER", environment, problems);
  const audience = readLine("CHATBOT_JWT_AUDIENCE", environment, problems);
  const origins = readList(environment.get("ALLOWED_ORIGINS")) ?? [];
  const refused = origins.filter((origin) => !isAllowedOrigin(origin));
  if (refused.length > 0) {
    problems.push(`ALLOWED_ORIGINS: must be origins such as https://example.com, not ${refused.join(", ")}`);
  }
  const algorithms = readList(environment.get("CHATBOT_JWT_ALGORITHMS"));
  const key = readKey(environment, algorithms, problems);
  if (key === null || problems.length > before) return null;
  return { issuer, audience, algorithms, key, origins, limits: null, tools: null };
}

function readKey(environment: Environment, algorithms: string[] | null, problems: string[]): IssuerKey | null {
  const [url, pem, secret] = KEY_VARIABLES.map((name) => environment.get(name));
  const set = KEY_VARIABLES.filter((name) => environment.get(name) !== undefined);
  const [variable = "", ...others] = set;
  if (variable === "" || others.length > 0) {
    const found = set.length === 0 ? "none is" : `${set.join(" and ")} are`;
    problems.push(`${KEY_VARIABLES.join(", ")}: exactly one of them must be set, ${found}`);
    return null;
  }
  const key = toIssuerKey({ url, pem, secret });
  // Each by itself, so that the variable to blame is named.
  const ownProblem = key === null ? null : keyProblem(key, null);
  const problem = key === null ? null : keyProblem(key, algorithms);
  if (algorithms === null && ownProblem !== null) problems.push(`${variable}: ${ownProblem}`);
  if (algorithms !== null && problem !== null) problems.push(`${variable} with CHATBOT_JWT_ALGORITHMS: ${problem}`);
  return key;
}

/** The key that is given; null when none is. */
export function toIssuerKey(given: {
  url?: string | undefined;
  pem?: string | undefined;
  secret?: string | undefined;
}): IssuerKey | null {
  if (given.url !== undefined) return { type: "jwks", url: given.url };
  if (given.pem !== undefined) return { type: "pem", pem: wholePem(given.pem) };
  return given.secret === undefined ? null : { type: "secret", secret: given.secret };
}

/** Line breaks of a PEM may be written as `\n`, as many settings pages need. */
export function wholePem(pem: string): string {
  return pem.replaceAll(String.raw`\n`, "\n");
}

function readLine(name: string, environment: Environment, problems: string[]): string {
  const value = environment.get(name);
  if (value === undefined) problems.push(`${name}: is required`);
  else if (!/^\P{Cc}{1,255}$/u.test(value)) problems.push(`${name}: must be one line of at most 255 characters`);
  return value ?? "";
}

/** The entries of a comma-separated list; null when there is none. */
function readList(text: string | undefined): string[] | null {
  if (text === undefined) return null;
  return text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

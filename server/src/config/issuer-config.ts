import type { TokenLimits } from "../admit/token-budget.ts";
import type { TokenIssuer } from "../authenticate/token-issuer.ts";
import type { ToolRule } from "../tools/tool.ts";

/** A host with its keys, its pages and what its users may spend and use. */
export interface IssuerConfig extends TokenIssuer {
  /** In place of the server's limits, each by itself. */
  limits: Partial<TokenLimits> | null;
  /** Rules in place of the server's; null: the server's. */
  tools: Readonly<Record<string, ToolRule>> | null;
}

/** Whether it is an origin as browsers send it in `Origin`, or `*` for any. There are no other patterns. */
export function isAllowedOrigin(text: string): boolean {
  if (text === "*") return true;
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text && !text.includes("*");
}

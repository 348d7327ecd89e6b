import { PERMISSION_PATTERN } from "../permission.ts";
import type { Identity } from "../store/identity.ts";
import type { Claims } from "./read-token.ts";

/**
 * Who is asking, from verified claims. Roles the configuration does not know permit nothing; neither do scopes that
 * are not permissions, such as `openid`.
 */
export function identityFromClaims(claims: Claims, roles: ReadonlyMap<string, readonly string[]>): Identity {
  const { name = "" } = claims;
  const locale = canonicalLocale(claims.locale ?? "");
  return {
    owner: { issuer: claims.iss, organization: claims.org ?? `user:${claims.sub}`, user: claims.sub },
    ...(name === "" ? {} : { name }),
    ...(locale === null ? {} : { locale }),
    permissions: permissionsOf(claims, roles),
    expiresAtMs: Math.floor(claims.exp * 1000),
  };
}

function permissionsOf(claims: Claims, roles: ReadonlyMap<string, readonly string[]>): string[] {
  const named = [...(claims.permissions ?? []), ...(claims.scope ?? "").split(" ")];
  const fromToken = named.filter((permission) => PERMISSION_PATTERN.test(permission));
  const fromRoles = (claims.roles ?? []).flatMap((role) => roles.get(role) ?? []);
  return [...new Set([...fromToken, ...fromRoles])].toSorted();
}

/** `pt_BR`, as many hosts write it, is `pt-BR`. Null for what names no language. */
function canonicalLocale(locale: string): string | null {
  try {
    return Intl.getCanonicalLocales(locale.replaceAll("_", "-"))[0] ?? null;
  } catch {
    return null;
  }
}

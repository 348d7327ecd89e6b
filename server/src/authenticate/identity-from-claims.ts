import { PERMISSION_PATTERN } from "../permission.ts";
import type { Grants, Identity } from "../store/identity.ts";
import type { Claims } from "./read-token.ts";

/**
 * Who is asking, from verified claims. Roles the configuration does not know permit nothing; neither do scopes that
 * are not permissions, such as `openid`.
 */
export function identityFromClaims(claims: Claims, roles: ReadonlyMap<string, readonly string[]>): Identity {
  const { name = "" } = claims;
  const locale = canonicalLocale(claims.locale ?? "");
  const grants = grantsOf(claims);
  return {
    owner: { issuer: claims.iss, organization: claims.org ?? `user:${claims.sub}`, user: claims.sub },
    ...(name === "" ? {} : { name }),
    ...(locale === null ? {} : { locale }),
    grants,
    permissions: permissionsOf(grants, roles),
    expiresAtMs: Math.floor(claims.exp * 1000),
    issuedAtMs: Math.floor(claims.iat * 1000),
    ...(claims.jti === undefined ? {} : { tokenId: claims.jti }),
  };
}

/** What somebody may do whose token says this, as the roles are configured now. Sorted. */
export function permissionsOf(grants: Grants, roles: ReadonlyMap<string, readonly string[]>): string[] {
  const fromRoles = grants.roles.flatMap((role) => roles.get(role) ?? []);
  return [...new Set([...grants.permissions, ...fromRoles])].toSorted();
}

function grantsOf(claims: Claims): Grants {
  const named = [...(claims.permissions ?? []), ...(claims.scope ?? "").split(" ")];
  return {
    permissions: named.filter((permission) => PERMISSION_PATTERN.test(permission)),
    roles: claims.roles ?? [],
  };
}

/** `pt_BR`, as many hosts write it, is `pt-BR`. Null for what names no language. */
function canonicalLocale(locale: string): string | null {
  try {
    return Intl.getCanonicalLocales(locale.replaceAll("_", "-"))[0] ?? null;
  } catch {
    return null;
  }
}

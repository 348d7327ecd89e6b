import { createHash } from "node:crypto";

/** Whose data it is. Every look-up goes by all three; anything else does not exist. */
export interface Owner {
  /** `iss` of the token. */
  issuer: string;
  organization: string;
  /** `sub` of the token. */
  user: string;
}

/** Permissions and roles by name. */
export interface Grants {
  permissions: readonly string[];
  roles: readonly string[];
}

/** Who is asking and what they may do, derived from a verified token; stored with the turn it caused. */
export interface Identity {
  owner: Owner;
  /** Name to show; never trusted for anything else. */
  name?: string;
  /** BCP 47. */
  locale?: string;
  /** What the token says. What its roles are worth is the configuration's word, which may change before a tool runs. */
  grants: Grants;
  /** Sorted; from the token and from the roles in the configuration. May hold `resource:*` and `*`. */
  permissions: readonly string[];
  /** When the token expires, in milliseconds since the epoch. */
  expiresAtMs: number;
  /** `iat` of the token, in milliseconds since the epoch. */
  issuedAtMs?: number;
  /** `jti` of the token, where it has one. */
  tokenId?: string;
}

/** One name for an owner, without the owner in it: of locks, counters and directories. */
export function ownerKey(owner: Owner): string {
  return hashedKey(owner.issuer, owner.organization, owner.user);
}

/** Lower-case hex SHA-256 over the parts; where one part ends and the next begins cannot be forged. */
export function hashedKey(...parts: string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

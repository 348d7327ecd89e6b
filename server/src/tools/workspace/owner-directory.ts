import { canonicalJson, sha256Hex } from "../../canonical-json.ts";
import type { Owner } from "../../store/identity.ts";

/** Who has a workspace together: everyone of an organization, or all users of this server. Otherwise each has their own. */
export type WorkspaceSharing = "organization" | "everyone";

const READABLE_LENGTH = 24;
const HASH_LENGTH = 32;
/** No owner's directory has this name: theirs end with a hash. */
const SHARED = "shared";

/**
 * Names of the directories that hold a user's files, the organization's first. An operator can read them; the hash of
 * the whole identity keeps apart what looks alike, also on file systems that ignore case. What is shared is beside the
 * directories of users: who begins to share shows nobody's own files.
 */
export function ownerDirectory(owner: Owner, sharing: WorkspaceSharing | null = null): readonly string[] {
  const { issuer, organization, user } = owner;
  const ofOrganization = directoryName(organization, [issuer, organization]);
  switch (sharing) {
    case "everyone":
      return [SHARED];
    case "organization":
      return [ofOrganization, SHARED];
    case null:
      return [ofOrganization, directoryName(user, [issuer, organization, user])];
  }
}

function directoryName(label: string, identity: readonly string[]): string {
  const readable = label
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, READABLE_LENGTH);
  return `${readable}-${sha256Hex(canonicalJson(identity)).slice(0, HASH_LENGTH)}`;
}

import { canonicalJson, sha256Hex } from "../../canonical-json.ts";
import type { Owner } from "../../store/identity.ts";

const READABLE_LENGTH = 24;
const HASH_LENGTH = 32;

/**
 * Names of the directories that hold a user's files, the organization's first. An operator can read them; the hash of
 * the whole identity keeps apart what looks alike, also on file systems that ignore case.
 */
export function ownerDirectory(owner: Owner): readonly [organization: string, user: string] {
  const { issuer, organization, user } = owner;
  return [directoryName(organization, [issuer, organization]), directoryName(user, [issuer, organization, user])];
}

function directoryName(label: string, identity: readonly string[]): string {
  const readable = label
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, READABLE_LENGTH);
  return `${readable}-${sha256Hex(canonicalJson(identity)).slice(0, HASH_LENGTH)}`;
}

import { DatabaseSync } from "node:sqlite";
import { FIRST_MEMBERS } from "./first-members.ts";
import { type Member, type MemberRole, memberSchema, type NewMember } from "./member.ts";

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA busy_timeout = 2000;
  CREATE TABLE IF NOT EXISTS members (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    role TEXT NOT NULL,
    joined TEXT NOT NULL
  ) STRICT;
`;

/** What to list; everything when nothing is said. */
export interface MemberFilter {
  role?: MemberRole | undefined;
  /** Part of the name or the email address. */
  search?: string | undefined;
}

/** The members of the club, in SQLite. A new database begins with a dozen. */
export class MemberStore {
  readonly #database: DatabaseSync;

  /** @param path a file, or `:memory:` */
  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(SCHEMA);
    // AUTOINCREMENT remembers that there were members: a club that all have left is not filled again.
    const isNew = this.#database.prepare("SELECT 1 FROM sqlite_sequence WHERE name = 'members'").get() === undefined;
    if (isNew) for (const member of FIRST_MEMBERS) this.add(member);
  }

  /** In the order of their numbers. */
  list(filter: MemberFilter = {}): Member[] {
    const wanted = filter.search?.toLocaleLowerCase("en");
    const members = this.#database.prepare("SELECT * FROM members ORDER BY id").all().map(readRow);
    return members.filter(
      ({ name, email, role }) =>
        (filter.role === undefined || role === filter.role) &&
        (wanted === undefined || `${name} ${email}`.toLocaleLowerCase("en").includes(wanted)),
    );
  }

  get(id: number): Member | null {
    const row = this.#database.prepare("SELECT * FROM members WHERE id = ?").get(id);
    return row === undefined ? null : readRow(row);
  }

  /** The new member; null when the address belongs to somebody already. */
  add({ name, email, role, joined }: NewMember): Member | null {
    const row = this.#database
      .prepare("INSERT INTO members (name, email, role, joined) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING *")
      .get(name, email, role, joined);
    return row === undefined ? null : readRow(row);
  }

  /** Who was removed; null when nobody has this number. */
  remove(id: number): Member | null {
    const row = this.#database.prepare("DELETE FROM members WHERE id = ? RETURNING *").get(id);
    return row === undefined ? null : readRow(row);
  }

  close(): void {
    this.#database.close();
  }
}

function readRow(row: Record<string, unknown>): Member {
  return memberSchema.parse({ ...row });
}

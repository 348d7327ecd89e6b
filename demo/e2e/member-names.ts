import { DatabaseSync } from "node:sqlite";
import type { Demo } from "../src/create-demo.ts";

/** Who is in the members' database right now: what the tools really did. */
export function memberNames(demo: Demo): string[] {
  const database = new DatabaseSync(demo.membersDbPath, { readOnly: true });
  try {
    return database
      .prepare("select name from members")
      .all()
      .map((row) => String(row["name"]));
  } finally {
    database.close();
  }
}

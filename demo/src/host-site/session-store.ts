import { randomBytes } from "node:crypto";
import { PEOPLE, type Person } from "./person.ts";

const LIFETIME_MS = 8 * 60 * 60 * 1000;

interface Session {
  person: Person;
  endsAtMs: number;
}

/** Who is signed in, by the random id in the cookie. In memory: a restart signs everybody out. */
export class SessionStore {
  readonly #sessions = new Map<string, Session>();

  /** The new session's id; null when there is nobody with this role. */
  begin(role: string): string | null {
    const person = PEOPLE.find((candidate) => candidate.role === role);
    if (person === undefined) return null;
    this.#forgetEnded();
    const id = randomBytes(32).toString("base64url");
    this.#sessions.set(id, { person, endsAtMs: Date.now() + LIFETIME_MS });
    return id;
  }

  find(id: string | undefined): Person | null {
    const session = id === undefined ? undefined : this.#sessions.get(id);
    return session !== undefined && session.endsAtMs > Date.now() ? session.person : null;
  }

  end(id: string | undefined): void {
    if (id !== undefined) this.#sessions.delete(id);
  }

  #forgetEnded(): void {
    for (const [id, { endsAtMs }] of this.#sessions) {
      if (endsAtMs <= Date.now()) this.#sessions.delete(id);
    }
  }
}

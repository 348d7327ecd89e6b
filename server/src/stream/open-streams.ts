import { ChatError } from "../errors.ts";

/** How many event streams may be open at the same time. */
export interface OpenStreamLimits {
  perUser: number;
  perOrganization: number;
  perProcess: number;
}

/** What every process allows. */
export const STREAM_LIMITS: OpenStreamLimits = { perUser: 3, perOrganization: 200, perProcess: 1000 };

/** Counts the open event streams: a page that opens one after the other must not use up the process. */
export class OpenStreams {
  readonly #limits: OpenStreamLimits;
  readonly #counts = new Map<string, number>();
  #total = 0;

  constructor(limits: OpenStreamLimits) {
    this.#limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  /** Takes a place; the returned function gives it back. @throws ChatError `too_many_requests` */
  open(userKey: string, organizationKey: string): () => void {
    const user = this.#counts.get(userKey) ?? 0;
    const organization = this.#counts.get(organizationKey) ?? 0;
    const { perUser, perOrganization, perProcess } = this.#limits;
    if (user >= perUser || organization >= perOrganization || this.#total >= perProcess) {
      throw new ChatError("too_many_requests", { retryAfterSeconds: 5 });
    }
    this.#change([userKey, organizationKey], 1);
    let isOpen = true;
    return () => {
      if (isOpen) this.#change([userKey, organizationKey], -1);
      isOpen = false;
    };
  }

  #change(keys: readonly string[], by: 1 | -1): void {
    this.#total += by;
    for (const key of keys) {
      const count = (this.#counts.get(key) ?? 0) + by;
      if (count === 0) this.#counts.delete(key);
      else this.#counts.set(key, count);
    }
  }
}

/** How an event's id stands to the last one applied. */
export type EventOrder = "next" | "seen" | "gap";

/**
 * Compares ids of the form `<epoch>-<seq>`, whose `seq` grows by one per event. Ids of another epoch or another form
 * cannot be compared and count as next: the offsets of text still prove what is missing. Those of an older epoch have
 * been seen.
 */
export function orderOf(id: string | null, lastId: string | null): EventOrder {
  const current = parse(id);
  const last = parse(lastId);
  if (current === null || last === null) return "next";
  if (current.epoch !== last.epoch) return isOlder(current.epoch, last.epoch) ? "seen" : "next";
  if (current.sequence <= last.sequence) return "seen";
  return current.sequence === last.sequence + 1 ? "next" : "gap";
}

function parse(id: string | null): { epoch: string; sequence: number } | null {
  const match = id === null ? null : /^(.+)-(\d{1,15})$/.exec(id);
  const [, epoch, sequence] = match ?? [];
  return epoch === undefined || sequence === undefined ? null : { epoch, sequence: Number(sequence) };
}

function isOlder(epoch: string, than: string): boolean {
  return /^\d{1,15}$/.test(epoch) && /^\d{1,15}$/.test(than) && Number(epoch) < Number(than);
}

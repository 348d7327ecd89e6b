import {
  type AuditHead,
  type AuditRow,
  CHECKPOINT_CHAIN,
  FACT_CHAINS,
  headSeal,
  NO_HASH,
  rowHash,
} from "./audit-chain.ts";
import type { AuditKeys } from "./audit-keys.ts";

/** A trail that can be read while others add to it. */
export interface AuditReader {
  heads(): Promise<readonly AuditHead[]>;
  /** At most `limit` rows after a position, in order. */
  rows(chain: number, afterPosition: number, limit: number): Promise<readonly AuditRow[]>;
  /** The greatest position in each chain that has rows. */
  lastPositions(): Promise<ReadonlyMap<number, number>>;
}

/** Something that is not as it was written. */
export interface AuditFault {
  chain: number;
  /** null: the chain as a whole. */
  position: number | null;
  what: string;
}

/** What a look at the whole trail has shown. */
export interface AuditReport {
  /** How long each chain is that has rows. */
  chains: readonly { chain: number; rows: number }[];
  rows: number;
  /** The newest checkpoint, to be kept elsewhere; null: there is none yet. */
  checkpoint: string | null;
  /** Empty: nothing was changed, removed, added or moved. */
  faults: readonly AuditFault[];
}

const CHAINS: readonly number[] = Array.from({ length: CHECKPOINT_CHAIN + 1 }, (_, chain) => chain);
const ROWS_AT_ONCE = 1000;
/** Of one chain: what follows the first ones tells nothing more. */
const MAX_FAULTS = 10;

/** A checkpoint in words, `<position>:<hash>`. */
export function checkpointName({ position, hash }: Pick<AuditRow, "position" | "hash">): string {
  return `${position}:${hash}`;
}

/**
 * Reads the whole trail and tells what is wrong with it. `kept` is a checkpoint that somebody has kept elsewhere: all that
 * it covers still has to be there. Rows are never changed, so nobody has to stop writing: what is behind the heads that are
 * read first stays as it is.
 */
export async function verifyAudit(reader: AuditReader, keys: AuditKeys, kept: string | null): Promise<AuditReport> {
  const faults: AuditFault[] = [];
  // In this order: what a checkpoint has seen stands in the chains that are read after it.
  const checkpoints = await readCheckpoints(reader, kept, faults);
  const heads = new Map((await reader.heads()).map((head) => [head.chain, head]));
  const chains: { chain: number; rows: number }[] = [];
  for (const chain of CHAINS) {
    const points = checkpoints.flatMap(({ position, heads: seen }) => {
      const [count, hash] = seen[chain] ?? [];
      return count === undefined || hash === undefined ? [] : [{ checkpoint: position, count, hash }];
    });
    const rows = await verifyChain(reader, keys, { chain, head: heads.get(chain) ?? null, points }, faults);
    if (rows > 0) chains.push({ chain, rows });
  }
  faults.push(...(await rowsBehindHeads(reader)));
  const newest = checkpoints[0];
  return {
    chains,
    rows: chains.reduce((sum, { rows }) => sum + rows, 0),
    checkpoint: newest === undefined ? null : checkpointName(newest),
    faults,
  };
}

interface Checkpoint {
  position: number;
  hash: string;
  heads: readonly (readonly [number, string])[];
}

/** The newest checkpoint, which covers whatever those before it do, and the one that was kept. */
async function readCheckpoints(reader: AuditReader, kept: string | null, faults: AuditFault[]): Promise<Checkpoint[]> {
  const chain = CHECKPOINT_CHAIN;
  const head = (await reader.heads()).find((each) => each.chain === chain);
  const newest = head === undefined ? undefined : await checkpointAt(reader, head.count);
  const found = newest === undefined ? [] : [newest];
  if (kept === null) return found;
  const position = Number(/^(\d{1,15}):[0-9a-f]{64}$/.exec(kept)?.[1] ?? 0);
  const wanted = await checkpointAt(reader, position);
  if (wanted === undefined || checkpointName(wanted) !== kept) {
    faults.push({ chain, position, what: "the checkpoint that was kept elsewhere is not in the trail" });
    return found;
  }
  return [...found, wanted];
}

async function checkpointAt(reader: AuditReader, position: number): Promise<Checkpoint | undefined> {
  if (position < 1) return undefined;
  const [row] = await reader.rows(CHECKPOINT_CHAIN, position - 1, 1);
  if (row === undefined || row.position !== position) return undefined;
  return { position, hash: row.hash, heads: headsIn(row.details) };
}

/** None where the text is no checkpoint's: its row does not fit its hash then, or tells of another key. */
function headsIn(details: string): readonly (readonly [number, string])[] {
  try {
    const parsed: { heads?: unknown } = JSON.parse(details);
    return Array.isArray(parsed.heads) ? parsed.heads.slice(0, FACT_CHAINS) : [];
  } catch {
    return [];
  }
}

/** A chain, as it is said to be. */
interface ChainState {
  chain: number;
  head: AuditHead | null;
  points: readonly { checkpoint: number; count: number; hash: string }[];
}

/** Resolves with the number of rows that were read. */
async function verifyChain(
  reader: AuditReader,
  keys: AuditKeys,
  { chain, head, points }: ChainState,
  faults: AuditFault[],
): Promise<number> {
  let found = 0;
  const tell = (position: number | null, what: string): void => {
    found += 1;
    if (found <= MAX_FAULTS) faults.push({ chain, position, what });
  };
  if (head === null) tell(null, "its head is missing");
  const count = head?.count ?? 0;
  let last: Pick<AuditRow, "position" | "hash" | "keyId"> = { position: 0, hash: NO_HASH, keyId: null };
  let read = 0;
  for await (const row of count === 0 ? [] : rowsUpTo(reader, chain, count)) {
    read += 1;
    checkRow(row, last, keys, tell);
    for (const point of points.filter((each) => each.count === row.position && each.hash !== row.hash)) {
      tell(row.position, `checkpoint ${point.checkpoint} has seen another row here`);
    }
    last = row;
  }
  if (head !== null) checkHead(head, last, keys, tell);
  for (const point of points.filter((each) => each.count > count)) {
    tell(point.count, `checkpoint ${point.checkpoint} has seen ${point.count} rows, there are ${count}`);
  }
  return read;
}

async function* rowsUpTo(reader: AuditReader, chain: number, count: number): AsyncGenerator<AuditRow> {
  // Also those that somebody has put before the first one.
  for (let after = Number.MIN_SAFE_INTEGER; ; ) {
    const rows = await reader.rows(chain, after, ROWS_AT_ONCE);
    for (const row of rows) {
      if (row.position > count) return;
      yield row;
      after = row.position;
    }
    if (rows.length < ROWS_AT_ONCE) return;
  }
}

type Tell = (position: number | null, what: string) => void;

function checkRow(
  row: AuditRow,
  last: Pick<AuditRow, "position" | "hash" | "keyId">,
  keys: AuditKeys,
  tell: Tell,
): void {
  const { position } = row;
  if (position !== last.position + 1) tell(last.position + 1, `rows are missing before ${position}`);
  else if (row.previousHash !== last.hash) tell(position, "it does not follow the row before it");
  const hash = rowHash(row, keys);
  if (hash === null) tell(position, "it is signed with a key that is not known here");
  else if (hash !== row.hash) tell(position, "it was changed");
  if (row.keyId === null && last.keyId !== null) tell(position, "it is not signed, and the row before it is");
}

function checkHead(head: AuditHead, last: { position: number; hash: string }, keys: AuditKeys, tell: Tell): void {
  if (last.position !== head.count) tell(last.position + 1, `the newest rows are missing: there were ${head.count}`);
  else if (last.hash !== head.hash) tell(head.count, "the head is not that of the last row");
  const seal = headSeal(head, keys);
  if (seal === null) tell(null, "the head is sealed with a key that is not known here");
  else if (seal !== head.seal) tell(null, "the head was changed");
  if (keys.currentId !== null && head.keyId !== keys.currentId)
    tell(null, "the head is not sealed with the current key");
}

/** Whoever adds rows moves the head with them, so heads that are read later are not behind the rows. */
async function rowsBehindHeads(reader: AuditReader): Promise<AuditFault[]> {
  const positions = await reader.lastPositions();
  const counts = new Map((await reader.heads()).map(({ chain, count }) => [chain, count]));
  const faults: AuditFault[] = [];
  for (const [chain, position] of positions) {
    if (!CHAINS.includes(chain)) faults.push({ chain, position, what: "there is no such chain" });
    // Said in this way for a position that is no number any more.
    else if (!(position >= 1 && position <= (counts.get(chain) ?? 0)))
      faults.push({ chain, position, what: "it is behind the head" });
  }
  for (const chain of counts.keys()) {
    if (!CHAINS.includes(chain)) faults.push({ chain, position: null, what: "there is no such chain" });
  }
  return faults;
}

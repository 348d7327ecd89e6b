import type { ExpectedTurn } from "./expected-turn.ts";

/** What the reference knows of one conversation. */
interface ExpectedConversation {
  id: string;
  turns: ExpectedTurn[];
}

/** What there has to be, and how often what was done. */
export class Expected {
  readonly conversations: ExpectedConversation[] = [];
  readonly tally: Map<string, number>;
  marks = 0;
  /** Processes that were stopped while they were at work. */
  sleeping = 0;

  constructor(tally: Map<string, number>) {
    this.tally = tally;
  }

  get turns(): ExpectedTurn[] {
    return this.conversations.flatMap(({ turns }) => turns);
  }

  get open(): ExpectedTurn[] {
    return this.turns.filter(({ isDone }) => !isDone);
  }

  /** The turn that somebody is at work on. */
  get running(): ExpectedTurn | undefined {
    return this.turns.find(({ isRunning }) => isRunning);
  }

  get orphans(): ExpectedTurn[] {
    return this.turns.filter(({ phase }) => phase.status === "orphan");
  }

  count(what: string): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + 1);
  }
}

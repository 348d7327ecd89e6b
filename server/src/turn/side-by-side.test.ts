import { describe, expect, it } from "vitest";
import { WakeUp } from "../wake-up.ts";
import { sideBySide, type Task } from "./side-by-side.ts";
import type { RecordEntry, TurnEntry } from "./turn.ts";

const entry = (text: string): TurnEntry => ({ type: "delta", event: { type: "text", block: 0, offset: 0, text } });

function name(taken: TurnEntry): string {
  return taken.type === "delta" && taken.event.type === "text" ? taken.event.text : taken.type;
}

async function all(entries: AsyncIterable<TurnEntry>): Promise<string[]> {
  const names: string[] = [];
  for await (const taken of entries) names.push(name(taken));
  return names;
}

/** A task that records entries one after the other, and notes when each was taken. */
function task(names: readonly string[], notes: string[] = []): (record: RecordEntry) => Promise<void> {
  return async (record) => {
    for (const text of names) {
      await record(entry(text));
      notes.push(text);
    }
  };
}

describe("sideBySide", () => {
  it("ends at once when there is nothing to do", async () => {
    expect(await all(sideBySide([]))).toEqual([]);
  });

  it("ends when every task has ended, also those that record nothing", async () => {
    expect(await all(sideBySide([() => Promise.resolve(), task(["a"]), () => Promise.resolve()]))).toEqual(["a"]);
  });

  it("mixes the tasks' entries and keeps the order of each", async () => {
    const names = await all(sideBySide([task(["a1", "a2", "a3"]), task(["b1", "b2"])]));
    expect(names).toHaveLength(5);
    expect(names.filter((text) => text.startsWith("a"))).toEqual(["a1", "a2", "a3"]);
    expect(names.filter((text) => text.startsWith("b"))).toEqual(["b1", "b2"]);
    expect(names.slice(0, 2)).toEqual(["a1", "b1"]);
  });

  it("lets a task go on only when its entry was recorded", async () => {
    const notes: string[] = [];
    const entries = sideBySide([task(["a", "b"], notes)]);
    await entries.next();
    expect(notes).toEqual([]);
    await entries.next();
    expect(notes).toEqual(["a"]);
    await entries.next();
    expect(notes).toEqual(["a", "b"]);
  });

  it("takes entries that are recorded at the same time by one task", async () => {
    const names = await all(
      sideBySide([
        async (record) => {
          await Promise.all(["a", "b", "c"].map((text) => record(entry(text))));
        },
      ]),
    );
    expect(names).toEqual(["a", "b", "c"]);
  });

  it("waits for a task that has nothing to say for a while", async () => {
    const gate = Promise.withResolvers<void>();
    const entries = sideBySide([
      async (record) => {
        await gate.promise;
        await record(entry("late"));
      },
      task(["early"]),
    ]);
    const first = await entries.next();
    const second = entries.next();
    gate.resolve();
    expect([first, await second].map(({ value }) => name(value ?? entry("none")))).toEqual(["early", "late"]);
    expect((await entries.next()).done).toBe(true);
  });

  it("ends all with the first failure, after what was recorded before it", async () => {
    const seen: string[] = [];
    const failing = async (record: RecordEntry): Promise<void> => {
      await record(entry("last words"));
      throw new Error("broken");
    };
    const run = async (): Promise<void> => {
      for await (const taken of sideBySide([failing, () => new Promise(() => undefined)])) seen.push(name(taken));
    };
    await expect(run()).rejects.toThrow("broken");
    expect(seen).toEqual(["last words"]);
  });

  it("drops what is recorded after the end", async () => {
    let kept: RecordEntry | undefined;
    await all(
      sideBySide([
        (record) => {
          kept = record;
          return Promise.resolve();
        },
      ]),
    );
    await expect(kept?.(entry("too late"))).rejects.toThrow("moved on");
  });

  it("wakes tasks that wait for news, and ends their waiting when nobody is at work any more", async () => {
    const news = new WakeUp();
    const heard: string[] = [];
    const working = Promise.withResolvers<void>();
    const waiting =
      (text: string): Task =>
      async (_record, newsOrQuiet) => {
        while (await newsOrQuiet()) heard.push(text);
        heard.push(`${text}: quiet`);
      };
    const ended = all(sideBySide([waiting("a"), () => working.promise, waiting("b")], news));
    news.raise();
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual(["a", "b"]);
    working.resolve();
    await ended;
    expect(heard).toEqual(["a", "b", "a: quiet", "b: quiet"]);
  });

  it("does not let a task miss news that came while it was looking", async () => {
    const news = new WakeUp();
    const heard: boolean[] = [];
    await all(
      sideBySide(
        [
          async (_record, newsOrQuiet) => {
            news.raise();
            heard.push(await newsOrQuiet(), await newsOrQuiet());
          },
        ],
        news,
      ),
    );
    expect(heard).toEqual([true, false]);
  });

  it("lets a task that was waiting record and wait again", async () => {
    const news = new WakeUp();
    const names = all(
      sideBySide(
        [
          async (record, newsOrQuiet) => {
            if (await newsOrQuiet()) await record(entry("a"));
            await newsOrQuiet();
          },
          async (record) => {
            news.raise();
            await record(entry("b"));
          },
        ],
        news,
      ),
    );
    expect((await names).toSorted()).toEqual(["a", "b"]);
  });

  it("tells every waiting task when its reader stops, also the one whose entry was being recorded", async () => {
    const endings: string[] = [];
    const waiting = (text: string) => async (record: RecordEntry) => {
      await record(entry(text)).catch((error: unknown) => endings.push(`${text}: ${String(error)}`));
    };
    const entries = sideBySide([waiting("a"), waiting("b")]);
    await entries.next();
    await entries.return(undefined);
    await new Promise((resolve) => setImmediate(resolve));
    expect(endings).toEqual(["a: Error: the turn has moved on", "b: Error: the turn has moved on"]);
  });
});

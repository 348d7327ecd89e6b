import type { ToolChunkEvent } from "@chat-bot/widget/protocol";
import { describe, expect, it } from "vitest";
import { DeltaOffsets } from "./delta-offsets.ts";

/** The chunks that a run tells, given what earlier runs told. */
function run(chunks: readonly string[], told: readonly ToolChunkEvent[] = []): ToolChunkEvent[] {
  const deltas = new DeltaOffsets("toolu_1", told);
  return chunks.flatMap((chunk) => deltas.next({ channel: "file", path: "a.txt", chunk }) ?? []);
}

describe("DeltaOffsets", () => {
  it("counts the bytes of what was told before", () => {
    expect(run(["a", "é", "😀", "b"]).map(({ offset }) => offset)).toEqual([0, 1, 3, 7]);
  });

  it("counts each channel and path for itself", () => {
    const deltas = new DeltaOffsets("toolu_1");
    expect(deltas.next({ channel: "file", path: "a.txt", chunk: "abc" })?.offset).toBe(0);
    expect(deltas.next({ channel: "file", path: "b.txt", chunk: "d" })?.offset).toBe(0);
    expect(deltas.next({ channel: "output", chunk: "e" })?.offset).toBe(0);
    expect(deltas.next({ channel: "file", path: "a.txt", chunk: "f" })?.offset).toBe(3);
  });

  it("passes on progress that has no words", () => {
    const deltas = new DeltaOffsets("toolu_1");
    expect(deltas.next({ channel: "progress", chunk: "", progress: 1, total: 2 })).toMatchObject({
      offset: 0,
      progress: 1,
    });
  });

  const content = "naïve 😀 words that are written again";
  const pieces = Array.from(content);
  it.each(pieces.map((_, index) => index))("goes on where a run that ended after %i pieces had come to", (ended) => {
    const first = run(pieces.slice(0, ended));
    for (const size of [1, 3, 100]) {
      const again = Array.from({ length: Math.ceil(pieces.length / size) }, (_, index) =>
        pieces.slice(index * size, (index + 1) * size).join(""),
      );
      const all = [...first, ...run(again, first)];
      expect(all.map(({ chunk }) => chunk).join("")).toBe(content);
      let offset = 0;
      for (const event of all) {
        expect(event.offset).toBe(offset);
        offset += Buffer.byteLength(event.chunk);
      }
    }
  });
});

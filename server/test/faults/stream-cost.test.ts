import { describe, expect, it } from "vitest";
import { numberedLines } from "../../../demo/src/scripted-claude/numbered-lines.ts";
import { type EventFrame, endOf, eventsOf, faultsIn } from "./event-frames.ts";
import { noteFigures } from "./fault-figures.ts";
import { FaultRig } from "./fault-rig.ts";

/** Promised: what a file costs on the wire, as a multiple of its bytes. */
const COST_LIMIT = 1.35;
const LINES = 2000;
const CHUNKS = 100;

describe("what a reader has to receive", () => {
  it("is not much more than the file, while 100 KB are written", async () => {
    await using rig = await FaultRig.start();
    const user = await rig.signIn();
    const content = numberedLines(LINES);
    const call = { name: "workspace__write_file", input: { path: "notes/river.txt" }, lines: LINES };
    const frames = await user.turn(
      scriptOf([{ tool_use: [call], chunks: CHUNKS, delay_ms: 30 }, { text: "Written." }]),
      {
        onFrame: ({ data }, id) => {
          if (data.type === "tool_request") void user.decide(id, data.tool_use_id, true);
        },
      },
    );
    expect(faultsIn(frames)).toEqual([]);
    expect(endOf(frames)).toBe("end_turn");
    expect(eventsOf(frames, "tool_result").map(({ outcome }) => outcome)).toEqual(["ok"]);
    expect(chunksOf(frames, "file")).toBe(content);

    const fileBytes = Buffer.byteLength(content);
    const request = frames.findIndex(({ data }) => data.type === "tool_request");
    const afterApproval = costOf(frames.slice(request + 1)) / fileBytes;
    expect(afterApproval).toBeLessThanOrEqual(COST_LIMIT);
    // The model's own writing is told once as it comes, in as many chunks as a busy machine has time for.
    const input = frames.filter(({ data }) => data.type === "tool_chunk" && data.channel === "input");
    expect(input.length).toBeGreaterThan(CHUNKS / 10);
    expect(costOf(input) / fileBytes).toBeLessThanOrEqual(COST_LIMIT);
    noteFigures("G13", {
      "file (bytes)": fileBytes,
      "all events after the approval (× the file)": round(afterApproval),
      [`live input in ${input.length} chunks, before the approval (× the file)`]: round(costOf(input) / fileBytes),
      "complete input in tool_use (× the file)": round(costOf(ofType(frames, "tool_use")) / fileBytes),
      "complete input in tool_request (× the file)": round(costOf(ofType(frames, "tool_request")) / fileBytes),
      "the whole turn, all of these (× the file)": round(costOf(frames) / fileBytes),
    });
  });

  it("is not much more than the text that a tool tells in 100 parts", async () => {
    await using rig = await FaultRig.start();
    const user = await rig.signIn();
    const frames = await user.turn(scriptOf([{ tool_use: [{ name: "bank__export", input: { ref: "export;" } }] }]));
    expect(faultsIn(frames)).toEqual([]);
    const told = chunksOf(frames, "progress");
    expect(Buffer.byteLength(told)).toBe(100 * 1024);
    const chunks = ofType(frames, "tool_chunk");
    const cost = costOf(chunks) / Buffer.byteLength(told);
    expect(cost).toBeLessThanOrEqual(COST_LIMIT);
    noteFigures("G13", { [`tool output in ${chunks.length} chunks (× its bytes)`]: round(cost) });
  });
});

/** What was told of a channel, in order: the log's offsets are contiguous, so it is complete. */
function chunksOf(frames: readonly EventFrame[], channel: string): string {
  return eventsOf(frames, "tool_chunk")
    .filter((event) => event.channel === channel)
    .map(({ chunk }) => chunk)
    .join("");
}

function ofType(frames: readonly EventFrame[], type: EventFrame["data"]["type"]): EventFrame[] {
  return frames.filter(({ data }) => data.type === type);
}

/** Bytes on the wire: ids, names, JSON and empty lines included. */
function costOf(frames: readonly EventFrame[]): number {
  return frames.reduce((sum, { raw }) => sum + Buffer.byteLength(raw) + 2, 0);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function scriptOf(steps: readonly object[]): string {
  return `script:${JSON.stringify(steps)}`;
}

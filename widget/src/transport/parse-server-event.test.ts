import { expect } from "@open-wc/testing";
import {
  awaitingApproval,
  done,
  fileChunks,
  sessionCreated,
  started,
  stepReset,
  texts,
  toolRequest,
  toolResult,
  toolRunning,
  toolUse,
  typing,
  usage,
} from "../conversation/sample-events.ts";
import type { ServerEvent } from "../protocol/index.ts";
import { parseServerEvent } from "./parse-server-event.ts";

const EVENTS: readonly ServerEvent[] = [
  sessionCreated,
  started("t1"),
  typing,
  awaitingApproval,
  stepReset,
  toolRunning("call-1"),
  { type: "status_update", state: "busy", retry_in_ms: 500 },
  { type: "status_update", state: "degraded" },
  ...texts(0, "Hé"),
  toolUse("call-1"),
  toolUse("call-1", { id: 7 }),
  toolRequest("call-1"),
  ...fileChunks("call-1", "a.txt", "x"),
  { type: "tool_chunk", tool_use_id: "call-1", channel: "progress", offset: 0, chunk: "", progress: 1, total: 2 },
  toolResult("call-1"),
  usage(1),
  usage(1, true),
  { type: "error", error: "stalled", message: "m", retryable: true, retry_after_ms: 1, request_id: "r" },
  done("t1"),
  {
    type: "status_update",
    state: "snapshot",
    conversation: { id: "c1", messages: [], active_turn: null, pending_approvals: [], last_event_id: "e1-1" },
  },
];

const OPTIONAL = new Set([
  "input",
  "path",
  "progress",
  "total",
  "estimated",
  "retry_after_ms",
  "structured_content",
  "truncated",
]);
const WRONG: readonly unknown[] = [null, true, -1, 1.5, {}, [], [null], "\u0000wrong"];

describe("parseServerEvent", () => {
  for (const event of EVENTS) {
    const title = event.type === "status_update" ? `${event.type} ${event.state}` : event.type;

    it(`takes ${title} as it was sent`, () => {
      expect(parseServerEvent(event.type, JSON.stringify(event))).to.deep.equal(event);
    });

    it(`takes ${title} with members of a newer server`, () => {
      expect(parseServerEvent(event.type, JSON.stringify({ ...event, from_the_future: 1 }))).to.not.equal(null);
    });

    it(`refuses ${title} without any of its members`, () => {
      for (const key of Object.keys(event).filter((name) => !OPTIONAL.has(name))) {
        const { [key]: _removed, ...rest } = Object.fromEntries(Object.entries(event));
        expect(parseServerEvent(event.type, JSON.stringify(rest)), key).to.equal(null);
      }
    });

    it(`never throws over ${title} with wrong members, and lets none of another type through`, () => {
      for (const [key, value] of Object.entries(event)) {
        for (const wrong of WRONG.filter((candidate) => typeof candidate !== typeof value)) {
          expect(
            parseServerEvent(event.type, JSON.stringify({ ...event, [key]: wrong })),
            `${key}: ${JSON.stringify(wrong)}`,
          ).to.equal(null);
        }
      }
    });

    it(`refuses ${title} under another name`, () => {
      expect(parseServerEvent("from_the_future", JSON.stringify(event))).to.equal(null);
    });
  }

  for (const data of [
    "",
    "null",
    "1",
    '"text"',
    "[]",
    "{",
    '{"type":"text"}',
    '{"__proto__":{"type":"text"},"block":0}',
  ]) {
    it(`refuses ${JSON.stringify(data)}`, () => {
      expect(parseServerEvent("text", data)).to.equal(null);
    });
  }

  it("drops content it does not know from a result, not the result", () => {
    const result = {
      ...toolResult("call-1"),
      content: [{ type: "hologram" }, { type: "text", text: "kept" }, { type: "image", data: 5 }],
    };
    expect(parseServerEvent("tool_result", JSON.stringify(result))).to.deep.include({
      content: [{ type: "text", text: "kept" }],
    });
  });

  it("takes a code it does not know for a fault of the server", () => {
    const error = { type: "error", error: "from_the_future", message: "m", retryable: false, request_id: "r" };
    expect(parseServerEvent("error", JSON.stringify(error))).to.deep.equal({ ...error, error: "internal" });
  });
});

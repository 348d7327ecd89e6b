import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HEARTBEAT } from "../../src/stream/encode-event.ts";
import { type EventFrame, endOf, eventsOf, faultsIn, framesIn, readFrames, textOf } from "../faults/event-frames.ts";
import { FAULT_TIMEOUT_MS, faultCount } from "../faults/fault-counts.ts";
import { noteFigures, quantile } from "../faults/fault-figures.ts";
import type { FaultUser } from "../faults/fault-user.ts";
import { until } from "../faults/until.ts";
import { whereInstalled } from "../services/installed.ts";
import { NGINX, type NginxServer, startNginx, UPSTREAM_HEADER } from "../services/nginx-server.ts";
import { ClusterRig } from "./cluster-rig.ts";

/** nginx gives up on a server that is silent for so long; shorter than its default where a test may not last as long. */
const NGINX_PATIENCE_SECONDS = 60;
const SHORT_PATIENCE_SECONDS = 18;
const SILENT_SECONDS = faultCount("SILENT_SECONDS", { small: 22, full: 305 });
const FIRST_EVENTS = faultCount("FIRST_EVENTS", { small: 5, full: 100 });
const FIRST_EVENT_LIMIT_MS = 1000;
const BIG_BODIES = faultCount("BIG_BODIES", { small: 3, full: 50 });
/** More than the server takes, and less than nginx refuses itself. */
const BIG_BODY_BYTES = 900 * 1024;

whereInstalled([NGINX], () => {
  describe("two replicas behind an nginx with its defaults", () => {
    let rig: ClusterRig;
    let nginx: NginxServer;
    beforeAll(async () => {
      rig = await ClusterRig.start({ replicas: 2 });
      nginx = await startNginx({ upstreams: rig.urls });
    });
    afterAll(async () => {
      await nginx?.stop();
      await rig?.[Symbol.asyncDispose]();
    });

    const signIn = async (): Promise<FaultUser> => (await rig.signIn()).through(() => nginx.url);

    /** The silence itself is what is tested. */
    const releaseLater = async (ref: string): Promise<void> => {
      await pause(SILENT_SECONDS * 1000);
      await rig.release(ref);
    };

    it.concurrent(
      "keep a stream open while a tool says nothing",
      async () => {
        const isShort = SILENT_SECONDS <= NGINX_PATIENCE_SECONDS;
        const directives = isShort ? [`proxy_read_timeout ${SHORT_PATIENCE_SECONDS}s;`] : [];
        const impatient = await startNginx({ upstreams: rig.urls, directives });
        try {
          const user = (await rig.signIn()).through(() => impatient.url);
          const response = await user.request("POST", "/message", { body: { message: holdScript("quiet") } });
          const [text] = await Promise.all([response.text(), releaseLater("quiet")]);
          const frames = framesIn(text);
          expect(faultsIn(frames)).toEqual([]);
          expect(eventsOf(frames, "tool_result").map(({ outcome }) => outcome)).toEqual(["ok"]);
          expect(endOf(frames)).toBe("end_turn");
          const heartbeats = text.split(HEARTBEAT).length - 1;
          expect(heartbeats).toBeGreaterThanOrEqual(Math.floor(SILENT_SECONDS / 15));
          const patience = isShort ? SHORT_PATIENCE_SECONDS : NGINX_PATIENCE_SECONDS;
          noteFigures("G18", {
            [`silent tool behind nginx with proxy_read_timeout ${patience} s, survived (s)`]: SILENT_SECONDS,
            "heartbeats meanwhile, on one connection": heartbeats,
          });
        } finally {
          await impatient.stop();
        }
      },
      FAULT_TIMEOUT_MS,
    );

    it.concurrent("pass every event on when it happens", async () => {
      const waitsMs: number[] = [];
      for (let round = 0; round < FIRST_EVENTS; round += 1) {
        const user = await signIn();
        const ref = `first-${round}`;
        const startedAt = performance.now();
        const response = await user.request("POST", "/message", { body: { message: holdScript(ref) } });
        const frames = await readFrom(response, async (received) => {
          if (received.length === 1) waitsMs.push(performance.now() - startedAt);
          // Had anything been held back until there is more of it, this would never have come.
          if (isToolRunning(received.at(-1))) await rig.release(ref);
        });
        expect(faultsIn(frames)).toEqual([]);
        expect(endOf(frames)).toBe("end_turn");
      }
      noteFigures("G18", {
        [`first event of ${waitsMs.length} turns, median (ms)`]: Math.round(quantile(waitsMs, 0.5)),
        [`first event of ${waitsMs.length} turns, longest (ms)`]: Math.round(Math.max(...waitsMs)),
      });
      expect(quantile(waitsMs, 0.5)).toBeLessThan(FIRST_EVENT_LIMIT_MS);
    });

    it.concurrent("do not take a reader that leaves for somebody who cancels", async () => {
      const user = await signIn();
      const leave = new AbortController();
      const options = { body: { message: holdScript("left") }, signal: leave.signal };
      const response = await user.request("POST", "/message", options);
      const before: EventFrame[] = [];
      for await (const frame of readFrames(response)) {
        before.push(frame);
        if (isToolRunning(frame)) break;
      }
      leave.abort();
      const id = conversationOf(before);
      const open = await user.conversation(id);
      expect(open.active_turn).not.toBeNull();
      await rig.release("left");
      await until(async () => (await user.conversation(id)).active_turn === null);
      const frames = await user.log(id);
      expect(faultsIn(frames)).toEqual([]);
      expect(frames.slice(0, before.length).map(({ raw }) => raw)).toEqual(before.map(({ raw }) => raw));
      expect(eventsOf(frames, "tool_result").map(({ outcome }) => outcome)).toEqual(["ok"]);
      expect(endOf(frames)).toBe("end_turn");
    });

    it.concurrent.each([
      ["approved", true, "ok"],
      ["denied", false, "denied"],
    ])("let a person decide: %s", async (_, approved, outcome) => {
      const user = await signIn();
      const frames = await user.turn(
        scriptOf([{ tool_use: [{ name: "tools__ask", input: { ref: "it" } }] }, { text: "So be it." }]),
        {
          onFrame: async ({ data }, id) => {
            if (data.type !== "tool_request") return;
            expect((await user.decide(id, data.tool_use_id, approved)).status).toBe(200);
          },
        },
      );
      expect(faultsIn(frames)).toEqual([]);
      expect(eventsOf(frames, "tool_result").map((result) => result.outcome)).toEqual([outcome]);
      expect(textOf(frames)).toBe("So be it.");
    });

    it.concurrent("refuse a body of more than 64 KB themselves", async () => {
      const user = await signIn();
      for (let round = 0; round < BIG_BODIES; round += 1) {
        const response = await user.request("POST", "/message", { body: { message: "x".repeat(BIG_BODY_BYTES) } });
        expect(response.status).toBe(413);
        expect(response.headers.get("content-type")).toMatch(/^application\/json/);
        expect(await response.json()).toMatchObject({ error: "payload_too_large" });
      }
    });

    it.concurrent("take the message here, its events there, a decision anywhere", async () => {
      const user = await signIn();
      const message = scriptOf([
        { tool_use: [{ name: "tools__ask", input: { ref: "one" } }] },
        { tool_use: [{ name: "tools__ask", input: { ref: "two" } }] },
        { text: "Both." },
      ]);
      const asked = Promise.withResolvers<string>();
      const response = await user.request("POST", "/message", { body: { message } });
      const reading = readFrom(response, (frames) => {
        if (frames.at(-1)?.data.type === "tool_request") asked.resolve(conversationOf(frames));
      });
      const id = await asked.promise;
      const home = response.headers.get(UPSTREAM_HEADER);
      const elsewhere = await onAnother(home, () => user.request("GET", `/conversations/${id}/events`));
      const others = await readFrom(elsewhere, async (frames) => {
        const event = frames.at(-1)?.data;
        if (event?.type === "tool_request") expect((await user.decide(id, event.tool_use_id, true)).status).toBe(200);
      });
      const frames = await reading;
      expect(faultsIn(frames)).toEqual([]);
      expect(others.map(({ raw }) => raw)).toEqual(frames.map(({ raw }) => raw));
      expect(eventsOf(frames, "tool_result").map(({ outcome }) => outcome)).toEqual(["ok", "ok"]);
      expect(endOf(frames)).toBe("end_turn");
    });

    it.concurrent("cancel a turn wherever the request arrives", async () => {
      const user = await signIn();
      const response = await user.request("POST", "/message", { body: { message: holdScript("never") } });
      const home = response.headers.get(UPSTREAM_HEADER);
      const frames = await readFrom(response, async (received) => {
        if (!isToolRunning(received.at(-1))) return;
        const body = { conversation_id: conversationOf(received) };
        const cancelled = await onAnother(home, () => user.request("POST", "/cancel", { body }));
        expect(cancelled.status).toBe(202);
      });
      expect(faultsIn(frames)).toEqual([]);
      expect(endOf(frames)).toBe("cancelled");
    });
  });
});

/** nginx takes its upstreams in turn: asks until another one than this has answered. */
async function onAnother(home: string | null, ask: () => Promise<Response>): Promise<Response> {
  while (true) {
    const response = await ask();
    if (response.headers.get(UPSTREAM_HEADER) !== home) return response;
    await response.body?.cancel();
  }
}

function isToolRunning(frame: EventFrame | undefined): boolean {
  return frame?.data.type === "status_update" && frame.data.state === "tool_running";
}

function conversationOf(frames: readonly EventFrame[]): string {
  return eventsOf(frames, "session_created")[0]?.conversation_id ?? "";
}

/** The whole stream; `onFrame` is told after each event what there is so far, before the next one is read. */
async function readFrom(response: Response, onFrame: (frames: EventFrame[]) => unknown): Promise<EventFrame[]> {
  const frames: EventFrame[] = [];
  for await (const frame of readFrames(response)) {
    frames.push(frame);
    await onFrame(frames);
  }
  return frames;
}

/** One call that does not end before it is released. */
function holdScript(ref: string): string {
  return scriptOf([{ tool_use: [{ name: "tools__hold", input: { ref } }] }, { text: "That took a while." }]);
}

function scriptOf(steps: readonly object[]): string {
  return `script:${JSON.stringify(steps)}`;
}

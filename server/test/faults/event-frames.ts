import type { ServerEvent } from "@chat-bot/widget/protocol";
import type { LoggedEvent } from "../../src/store/store.ts";
import { checkEventLog } from "../check-event-log.ts";

/** One event as it came over the wire. */
export interface EventFrame {
  id: string;
  /** Its very characters, up to the empty line. */
  raw: string;
  data: ServerEvent;
}

/** The complete events of an answer, as they come; ends or throws as the connection does. */
export async function* readFrames(response: Response): AsyncGenerator<EventFrame> {
  if (response.body === null) return;
  let rest = "";
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop() ?? "";
    yield* blocks.flatMap(parseFrame);
  }
}

/** The complete events of what was received so far. */
export function framesIn(received: string): EventFrame[] {
  return received.split("\n\n").slice(0, -1).flatMap(parseFrame);
}

function parseFrame(raw: string): EventFrame[] {
  const id = /^id: (.*)$/m.exec(raw)?.[1];
  const data = /^data: ([^\n]*)$/m.exec(raw)?.[1];
  return id === undefined || data === undefined ? [] : [{ id, raw, data: JSON.parse(data) }];
}

/** What of the contract's "Always true" does not hold for a conversation of one turn, read from its first event. */
export function faultsIn(frames: readonly EventFrame[]): string[] {
  const started = eventsOf(frames, "status_update").find((event) => event.state === "started");
  const turnId = started?.state === "started" ? started.turn_id : "";
  const log = frames.map(
    ({ id, data }): LoggedEvent => ({
      seq: Number(id.split("-")[1]),
      turnId,
      type: data.type,
      data: JSON.stringify(data),
    }),
  );
  const epochs = new Set(frames.map(({ id }) => id.split("-")[0]));
  return [...checkEventLog(log), ...(epochs.size === 1 ? [] : ["the epoch changes"])];
}

/** The events of one type. */
export function eventsOf<Type extends ServerEvent["type"]>(
  frames: readonly EventFrame[],
  type: Type,
): Extract<ServerEvent, { type: Type }>[] {
  return frames.flatMap(({ data }) => (isOf(data, type) ? [data] : []));
}

function isOf<Type extends ServerEvent["type"]>(
  event: ServerEvent,
  type: Type,
): event is Extract<ServerEvent, { type: Type }> {
  return event.type === type;
}

/** The assistant's words that stand at the end: those of a step that was reset are gone. */
export function textOf(frames: readonly EventFrame[]): string {
  let kept = "";
  let ofStep = "";
  for (const { data } of frames) {
    if (data.type === "text") ofStep += data.text;
    if (data.type === "status_update" && data.state === "step_reset") ofStep = "";
    if (data.type === "usage" && data.estimated !== true) {
      kept += ofStep;
      ofStep = "";
    }
  }
  return kept + ofStep;
}

/** Why the turn ended; null when it did not. */
export function endOf(frames: readonly EventFrame[]): string | null {
  return eventsOf(frames, "done")[0]?.reason ?? null;
}

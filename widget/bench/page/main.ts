/** The page of the benchmark. `run.ts` calls what is on `bench` and looks at the browser's counters before and after. */
import type { Message } from "../../src/conversation/conversation.ts";
import { loadMarkdown } from "../../src/views/markdown.ts";
import { panelStyles } from "../../src/views/panel.styles.ts";
import type { CreateContestant } from "./contestant.ts";
import { createPlainLines } from "./plain-lines.ts";
import { inPieces, sampleMarkdown } from "./sample-markdown.ts";
import { createStreamdown } from "./streamdown.ts";
import { createStreamingMarkdown } from "./streaming-markdown.ts";
import { createWidget, showMessages } from "./widget.ts";

const SEED = 7;
const PIECES_PER_FRAME = 50;
/** Pieces of five characters. */
const PIECE_LENGTH = 5;

const contestants: Record<string, CreateContestant> = {
  "plain lines": createPlainLines,
  widget: createWidget,
  "streaming-markdown": createStreamingMarkdown,
  streamdown: createStreamdown,
};

// As in the element: its styles hold within its shadow root.
const host = document.createElement("div");
document.body.append(host);
const root = host.attachShadow({ mode: "open" });
root.adoptedStyleSheets = panelStyles();
const box = document.createElement("div");
Object.assign(box.style, { display: "flex", blockSize: "680px", inlineSize: "408px" });
root.append(box);

let pieces: readonly string[] = [];
let messages: readonly Message[] = [];
let remove = (): void => {};

const bench = {
  /** Makes a text of `length` characters to stream, in pieces of five. */
  prepareText(length: number): void {
    pieces = inPieces(sampleMarkdown(length, SEED), Math.ceil(length / PIECE_LENGTH));
  },

  /** Streams the text, 50 pieces a frame. Resolves when the last frame was shown. */
  async stream(name: string): Promise<void> {
    const create = contestants[name];
    if (create === undefined) throw new Error(`There is no ${name}.`);
    const contestant = create(box);
    remove = () => contestant.remove();
    let next = 0;
    await eachFrame(() => {
      contestant.append(pieces.slice(next, next + PIECES_PER_FRAME));
      next += PIECES_PER_FRAME;
      return next < pieces.length;
    });
    contestant.end();
    await nextFrame();
    await nextFrame();
  },

  /** Makes a conversation of `count` messages to open. */
  prepareMessages(count: number): void {
    messages = history(count);
  },

  /** Shows the conversation. Resolves when its end was drawn. */
  async open(): Promise<void> {
    const place = document.createElement("div");
    place.style.display = "contents";
    box.replaceChildren(place);
    remove = () => place.remove();
    showMessages(place, messages);
    await nextFrame();
    await nextFrame();
    if (box.querySelectorAll(".message").length !== messages.length) throw new Error("Messages are missing.");
  },

  /** Scrolls through all that is there, a page a frame, from its end to its beginning. */
  async scrollThrough(): Promise<void> {
    const scroller = box.querySelector(".messages");
    if (scroller === null) throw new Error("There is nothing that scrolls.");
    await eachFrame(() => {
      scroller.scrollTop -= scroller.clientHeight;
      return scroller.scrollTop > 0;
    });
    await nextFrame();
  },

  /** Takes away what was shown. */
  clear(): void {
    remove();
  },
};

/** Questions, and answers of 600 characters on average. */
function history(count: number): Message[] {
  return Array.from({ length: count }, (_, index): Message => {
    const id = `m${index}`;
    if (index % 2 === 0) {
      return { role: "user", id, text: sampleMarkdown(60, index), createdAt: null, delivery: "sent" };
    }
    const text = sampleMarkdown(200 + ((index * 37) % 800), index);
    const parts = [{ type: "text" as const, key: `${id}-0`, text, bytes: text.length }];
    return { role: "assistant", id, parts, createdAt: null, streaming: false, stopped: false };
  });
}

/** Calls back before each frame, until it answers false. */
function eachFrame(callback: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const run = (): void => {
      if (callback()) requestAnimationFrame(run);
      else resolve();
    };
    requestAnimationFrame(run);
  });
}

function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => resolve());
  });
}

await loadMarkdown();
Object.assign(globalThis, { bench });

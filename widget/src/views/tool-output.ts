import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import { utf8Length } from "../conversation/append-delta.ts";
import type { ToolOutputStream } from "../conversation/conversation.ts";
import { sliceText } from "../conversation/output-text.ts";
import type { Strings } from "../strings.ts";
import { icons } from "./icons.ts";
import { StickToEnd } from "./stick-to-end.ts";
import { View } from "./view.ts";
import { visibleText, visibleWithin } from "./visible-text.ts";

/** So much of the end of a long output is shown; the rest when it is asked for. In UTF-16 code units. */
const WINDOW_LENGTH = 8_000;
/** The window's beginning stays where it is until the window is so long, so that not every piece moves the text. */
const LONGEST_WINDOW = 2 * WINDOW_LENGTH;
/** While somebody reads further up, nothing moves: the window grows to so much, and then no more. */
const LONGEST_READ_WINDOW = 4 * WINDOW_LENGTH;

/**
 * One stream of a tool's live output. It is text, never markup. Of a long one only the end is in the document, and it
 * follows what is added unless the reader has scrolled up: what a piece costs does not depend on what came before it.
 */
export class ChatBotToolOutput extends View {
  static override properties: PropertyDeclarations = {
    stream: { attribute: false },
    isLive: { attribute: false },
    strings: { attribute: false },
    isWhole: { state: true },
  };

  declare stream: ToolOutputStream;
  declare isLive: boolean;
  declare strings: Strings;
  declare isWhole: boolean;

  readonly #scroll = new StickToEnd(this);
  /** Where the window begins, in UTF-16 code units. */
  #start = 0;
  /** UTF-8 bytes before it. */
  #hiddenBytes = 0;

  constructor() {
    super();
    this.isWhole = false;
  }

  protected override willUpdate(): void {
    const { text } = this.stream;
    if (!this.#scroll.isAtEnd || text.length - this.#start <= LONGEST_WINDOW) return;
    const start = text.length - WINDOW_LENGTH;
    // From the beginning of a line, where there is one.
    const lineStart = start + sliceText(text, start).indexOf("\n") + 1;
    this.#hiddenBytes += utf8Length(sliceText(text, this.#start, lineStart));
    this.#start = lineStart;
  }

  protected override render(): TemplateResult {
    const { strings, stream } = this;
    const label = labelOf(stream, strings);
    return html`<div class="stream" part="tool-output">
      <div class="stream-head">
        <span>${visibleWithin(label, stream.path ?? "")}</span>
        <span class="amount">${this.#amount()}</span>
      </div>
      ${this.isLive && stream.channel !== "input" ? renderProgress(stream, label) : nothing}
      ${stream.text.length === 0 ? nothing : this.#renderText(label)}
    </div>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    const [scroller, content] = [this.querySelector("pre"), this.querySelector(".stream-text")];
    if (scroller === null || content === null) return;
    this.#scroll.observe(scroller, content);
    if (changed.has("isWhole") && changed.get("isWhole") !== undefined) this.#showChosenPlace();
  }

  /** All of it from its beginning; the end at its end. */
  #showChosenPlace(): void {
    if (this.isWhole) this.#scroll.toStart();
    else this.#scroll.toEnd();
  }

  #amount(): string {
    const { strings, stream } = this;
    const { progress, total } = stream;
    if (this.isLive && progress !== null && total !== null && total > 0) return strings.toolProgress(progress, total);
    return stream.bytes === 0 ? "" : strings.size(stream.bytes);
  }

  #renderText(label: string): TemplateResult {
    const { strings } = this;
    const isEndInView = this.#scroll.isAtEnd;
    return html`${this.#renderChoice()}
      <div class="stream-box">
        <pre tabindex="0" role="group" aria-label=${label} dir="auto"><span class="stream-text">${
          this.isWhole ? this.#renderWhole() : this.#renderWindow()
        }</span></pre>
        ${
          isEndInView || !this.isLive
            ? nothing
            : html`<button
                type="button"
                class="stream-follow"
                aria-label=${strings.toolOutputFollow}
                title=${strings.toolOutputFollow}
                @click=${() => this.#scroll.toEnd()}
              >
                ${icons.down}
              </button>`
        }
      </div>`;
  }

  /** How to see what is not shown. */
  #renderChoice(): TemplateResult | typeof nothing {
    const { strings } = this;
    if (this.#start === 0) return nothing;
    return html`<div class="stream-choice">
      ${this.isWhole ? nothing : html`<span>${strings.toolOutputHidden(this.#hiddenBytes)}</span>`}
      <button
        type="button"
        class="text-button"
        @click=${() => {
          this.isWhole = !this.isWhole;
        }}
      >
        ${this.isWhole ? strings.toolOutputShowEnd : strings.toolOutputShowAll}
      </button>
    </div>`;
  }

  #renderWindow(): unknown {
    const { channel, text } = this.stream;
    const end = this.#scroll.isAtEnd ? text.length : Math.min(text.length, this.#start + LONGEST_READ_WINDOW);
    return readable(sliceText(text, this.#start, end), channel);
  }

  /** Piece by piece, so that the browser lays out only those in view, and that those complete are left alone. */
  #renderWhole(): unknown {
    const { channel, text } = this.stream;
    return repeat(
      text.pieces,
      (_piece, index) => index,
      (piece) => guard([piece], () => html`<span class="piece">${readable(piece, channel)}</span>`),
    );
  }
}

function renderProgress({ progress, total }: ToolOutputStream, label: string): TemplateResult {
  if (progress === null || total === null || total <= 0) return html`<progress aria-label=${label}></progress>`;
  return html`<progress aria-label=${label} max=${total} .value=${Math.min(progress, total)}></progress>`;
}

function labelOf({ channel, path }: ToolOutputStream, strings: Strings): string {
  if (channel === "input") return strings.toolInput;
  return path === null ? strings.toolOutput : strings.toolFileWritten(path);
}

/** Lines may end as on any system. What is approved is shown exactly, in its own place. */
function readable(text: string, channel: ToolOutputStream["channel"]): unknown {
  const lines = text.replaceAll("\r\n", "\n");
  return visibleText(channel === "input" ? withLineBreaks(lines) : lines);
}

/** JSON that is still being written, lines as lines. */
function withLineBreaks(json: string): string {
  return json.replaceAll(
    /\\(["\\nt])/g,
    (escaped, character: string) => LINE_BREAKS.get(character) ?? escaped.slice(1),
  );
}

const LINE_BREAKS: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["t", "\t"],
]);

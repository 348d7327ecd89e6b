import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { ToolOutputStream } from "../conversation/conversation.ts";
import type { Strings } from "../strings.ts";
import { View } from "./view.ts";
import { visibleText } from "./visible-text.ts";

/** What is shown of a long output: its end. */
const WINDOW_CHARACTERS = 8_000;

/** Live output of a tool call. It is text, never markup, and follows its end while it grows. */
export class ChatBotToolOutput extends View {
  static override properties: PropertyDeclarations = {
    streams: { attribute: false },
    isLive: { attribute: false },
    strings: { attribute: false },
  };

  declare streams: readonly ToolOutputStream[];
  declare isLive: boolean;
  declare strings: Strings;

  #isShown = false;

  protected override render(): TemplateResult {
    return html`<div class="tool-output" part="tool-output">${this.streams.map((stream) => this.#renderStream(stream))}</div>`;
  }

  /** To the end, where a call that was quicker than the eye begins, too. */
  protected override updated(): void {
    if (!this.isLive && this.#isShown) return;
    this.#isShown = true;
    for (const box of this.querySelectorAll("pre")) box.scrollTop = box.scrollHeight;
  }

  #renderStream(stream: ToolOutputStream): TemplateResult {
    const { strings } = this;
    const label = labelOf(stream, strings);
    const text = stream.channel === "input" ? withLineBreaks(tail(stream.text)) : tail(stream.text);
    const hasProgress = this.isLive && stream.progress !== null && stream.total !== null && stream.total > 0;
    return html`<div class="stream">
      <div class="stream-head">
        <span>${visibleText(label)}</span>
        ${hasProgress ? html`<span>${strings.toolProgress(stream.progress ?? 0, stream.total ?? 0)}</span>` : nothing}
      </div>
      ${
        hasProgress
          ? html`<progress aria-label=${label} max=${stream.total} .value=${stream.progress ?? 0}></progress>`
          : nothing
      }
      ${stream.text === "" ? nothing : html`<pre tabindex="0" dir="auto">${visibleText(text)}</pre>`}
    </div>`;
  }
}

function labelOf({ channel, path }: ToolOutputStream, strings: Strings): string {
  if (channel === "input") return strings.toolInput;
  return path === null ? strings.toolOutput : strings.toolFileWritten(path);
}

/** JSON that is still being written, lines as lines. What is approved is shown exactly, in its own place. */
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

/** From the beginning of a line, where there is one. */
function tail(text: string): string {
  if (text.length <= WINDOW_CHARACTERS) return text;
  const cut = text.slice(-WINDOW_CHARACTERS);
  const lineStart = cut.indexOf("\n") + 1;
  return `…\n${cut.slice(lineStart)}`;
}

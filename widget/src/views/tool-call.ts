import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { ToolCall } from "../conversation/conversation.ts";
import type { ToolContentBlock } from "../protocol/index.ts";
import type { Strings } from "../strings.ts";
import { icons } from "./icons.ts";
import { layOutJson } from "./lay-out-json.ts";
import { renderToolInput } from "./tool-input.ts";
import { stateClass, stateIcon, stateText } from "./tool-state.ts";
import { View } from "./view.ts";
import { visibleText } from "./visible-text.ts";

/** One use of a tool: what runs, how it ended, and on request what went in and came out. */
export class ChatBotToolCall extends View {
  static override properties: PropertyDeclarations = {
    call: { attribute: false },
    strings: { attribute: false },
    choice: { state: true },
  };

  declare call: ToolCall;
  declare strings: Strings;
  /** What the person chose to see; by itself it is the live output, which stays when the call has ended. */
  declare choice: "details" | "nothing" | null;

  constructor() {
    super();
    this.choice = null;
  }

  protected override render(): TemplateResult {
    const { call, strings, choice } = this;
    const isExpanded = choice === "details";
    const isRunning = call.state.status === "running" || call.state.status === "preparing";
    return html`<div role="group" class="tool-call ${stateClass(call)}" part="tool-call" aria-label=${call.title}>
      <button
        type="button"
        class="tool-head"
        aria-expanded=${isExpanded}
        title=${isExpanded ? strings.toolHideDetails : strings.toolShowDetails}
        @click=${() => {
          this.choice = isExpanded ? "nothing" : "details";
        }}
      >
        <span class="tool-icon">${stateIcon(call)}</span>
        <span class="tool-title">${visibleText(call.title)}</span>
        <span class="tool-state">${stateText(call, strings)}</span>
        <span class="tool-chevron">${icons.chevron}</span>
      </button>
      ${isExpanded ? this.#renderDetails(isRunning) : choice === null ? this.#renderOutput(isRunning) : nothing}
    </div>`;
  }

  #renderOutput(isRunning: boolean): TemplateResult | typeof nothing {
    const { call, strings } = this;
    // Input being written is shown live, and once it is complete as what it is.
    const streams = call.output.filter(
      ({ channel, text }) => (channel !== "input" || call.input === null) && (isRunning || text.length > 0),
    );
    if (streams.length === 0) return nothing;
    return html`<div class="tool-outputs">
      ${repeat(
        streams,
        ({ channel, path }) => `${channel} ${path}`,
        (stream) => html`<chat-bot-tool-output
          .stream=${stream}
          .isLive=${isRunning}
          .strings=${strings}
        ></chat-bot-tool-output>`,
      )}
    </div>`;
  }

  #renderDetails(isRunning: boolean): TemplateResult {
    const { call, strings } = this;
    const isShortened = call.state.status === "finished" && call.state.truncated;
    return html`<div class="tool-details">
      ${
        call.input === null
          ? nothing
          : html`<p class="label">${strings.toolInput}</p>
              ${renderToolInput(call.name, call.input, strings)}`
      }
      ${this.#renderOutput(isRunning)}
      ${
        call.result.length === 0
          ? nothing
          : html`<p class="label">${strings.toolResult}</p>
              ${call.result.map((block) => html`<div>${renderBlock(block, strings)}</div>`)}`
      }
      ${isShortened ? html`<p class="note">${strings.toolResultTruncated}</p>` : nothing}
    </div>`;
  }
}

/** Results are text, whatever they look like; pictures and the like are named, not fetched. */
function renderBlock(block: ToolContentBlock, strings: Strings): TemplateResult {
  switch (block.type) {
    case "text":
      return renderText(block.text);
    case "image":
      return html`<span class="note">${strings.toolImage} (${visibleText(block.mimeType)})</span>`;
    case "audio":
      return html`<span class="note">${visibleText(block.mimeType)}</span>`;
    case "resource_link":
      return renderText(`${block.title ?? block.name}\n${block.uri}`);
    case "resource":
      return renderText(block.resource.text ?? block.resource.uri);
  }
}

function renderText(text: string): TemplateResult {
  return html`<pre tabindex="0" dir="auto">${visibleText(layOutJson(text))}</pre>`;
}

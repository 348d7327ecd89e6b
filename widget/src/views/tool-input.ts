/** What goes into a tool, as a person can judge it: nothing is left out, and nothing invisible stays so. */
import { html, nothing, type TemplateResult } from "lit";
import { utf8Length } from "../conversation/append-delta.ts";
import type { ToolInput } from "../protocol/index.ts";
import type { Strings } from "../strings.ts";
import { describeInput, type InputField } from "./describe-input.ts";
import { icons } from "./icons.ts";
import { isJson } from "./lay-out-json.ts";
import { type DiffLine, diffLines, linesOf } from "./line-diff.ts";
import { visibleText } from "./visible-text.ts";

/** So many lines are laid out together, and only when they come into view. */
const LINES_PER_BLOCK = 100;

/** A string that reads like a number, or whose ends cannot be seen. */
const AMBIGUOUS = /^(|-?\d[\d.eE+-]*|\s.*|.*\s)$/;

/** The input of a tool in the form that suits it, and as JSON. */
export function renderToolInput(toolName: string, input: ToolInput, strings: Strings): TemplateResult {
  const view = describeInput(toolName, input);
  switch (view.type) {
    case "none":
      return html`<p class="no-input">${strings.approvalNoInput}</p>`;
    case "fields":
      return html`${renderFields(view.fields)} ${renderJson(input, strings)}`;
    case "file":
      return html`${renderFields(view.fields)} ${renderContent(view.content, view.writes, strings)}
      ${renderJson(input, strings)}`;
    case "edit":
      return html`${renderFields(view.fields)} ${renderChanges(view.before, view.after, strings)}
      ${renderJson(input, strings)}`;
  }
}

function renderFields(fields: readonly InputField[]): TemplateResult {
  return html`<dl class="fields">
    ${fields.map(
      ({ name, value }) =>
        html`<dt>${visibleText(name)}</dt>
          <dd class=${typeof value} dir=${typeof value === "object" ? "ltr" : "auto"}>${visibleText(fieldText(value))}</dd>`,
    )}
  </dl>`;
}

/** What is nested is shown as JSON, in its place. */
function fieldText(value: unknown): string {
  return typeof value === "string" && !AMBIGUOUS.test(value) && !isJson(value) ? value : JSON.stringify(value, null, 2);
}

function renderContent(content: string, writes: "new" | "replaces" | null, strings: Strings): TemplateResult {
  const lines = linesOf(content);
  const note = writes === null ? nothing : writes === "new" ? strings.fileNew : strings.fileReplaces;
  return html`<figure class="file">
    <figcaption>
      <span class="file-label">${strings.fileContent}</span>
      ${note === nothing ? nothing : html`<span class="file-note ${writes === "new" ? "is-new" : "is-replacing"}">${note}</span>`}
      <span class="file-size">${strings.fileSize(lines.length, utf8Length(content))}</span>
    </figcaption>
    ${renderLines(
      lines.map((text): DiffLine => ({ type: "same", text })),
      "numbered",
      strings,
    )}
  </figure>`;
}

function renderChanges(before: string, after: string, strings: Strings): TemplateResult {
  const lines = diffLines(before, after);
  const count = (type: DiffLine["type"]): number => lines.filter((line) => line.type === type).length;
  return html`<figure class="file">
    <figcaption>
      <span class="file-label">${strings.fileChanges}</span>
      <span class="file-size">${strings.diffSummary(count("added"), count("removed"))}</span>
    </figcaption>
    ${renderLines(lines, "changed", strings)}
  </figure>`;
}

function renderLines(lines: readonly DiffLine[], kind: "numbered" | "changed", strings: Strings): TemplateResult {
  const blocks = Array.from(
    { length: Math.ceil(lines.length / LINES_PER_BLOCK) },
    (_, index) => index * LINES_PER_BLOCK,
  );
  return html`<div class="lines is-${kind}" dir="ltr">${blocks.map(
    (start) =>
      html`<div class="block">${lines
        .slice(start, start + LINES_PER_BLOCK)
        .map((line, index) => renderLine(line, String(start + index + 1), strings))}</div>`,
  )}</div>`;
}

/** The number and the sign are drawn by the style sheet: whoever copies lines gets the lines. */
function renderLine({ type, text }: DiffLine, number: string, strings: Strings): TemplateResult {
  switch (type) {
    case "same":
      return html`<div class="line" data-number=${number}>${visibleText(text)}</div>`;
    case "added":
      return html`<ins class="line"><span class="announcer">${strings.diffAdded}</span>${visibleText(text)}</ins>`;
    case "removed":
      return html`<del class="line"><span class="announcer">${strings.diffRemoved}</span>${visibleText(text)}</del>`;
  }
}

function renderJson(input: ToolInput, strings: Strings): TemplateResult {
  return html`<details class="exact">
    <summary>${icons.chevron}<span>${strings.approvalInput}</span></summary>
    <pre tabindex="0" dir="ltr">${visibleText(JSON.stringify(input, null, 2))}</pre>
  </details>`;
}

import type { PropertyDeclarations, PropertyValues } from "lit";
import { MarkdownDocument } from "../markdown/markdown-document.ts";
import type { Strings } from "../strings.ts";
import { View } from "./view.ts";

/** One block of an answer's text. It renders itself: Lit has no part in what the model wrote. */
export class ChatBotMarkdown extends View {
  static override properties: PropertyDeclarations = {
    text: { attribute: false },
    isStreaming: { attribute: false },
    strings: { attribute: false },
  };

  declare text: string;
  declare isStreaming: boolean;
  declare strings: Strings;

  #document: MarkdownDocument | null = null;

  protected override createRenderRoot(): HTMLElement {
    // Lit must not own these children.
    return document.createElement("div");
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("strings")) this.replaceChildren();
    if (this.#document === null || changed.has("strings")) this.#document = new MarkdownDocument(this, this.strings);
    this.#document.update(this.text, !this.isStreaming);
  }
}

import type { PropertyDeclarations, PropertyValues } from "lit";
import type { MarkdownDocument } from "../markdown/markdown-document.ts";
import type { Strings } from "../strings.ts";
import { View } from "./view.ts";

type DocumentClass = typeof MarkdownDocument;

let documentClass: DocumentClass | null = null;
let loading: Promise<void> | null = null;

/** Fetches what makes Markdown of text. Where it does not come, answers are shown as they are written. */
export function loadMarkdown(): Promise<void> {
  loading ??= import("../markdown/markdown-document.ts").then(
    (module) => {
      documentClass = module.MarkdownDocument;
    },
    () => {
      loading = null;
    },
  );
  return loading;
}

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
    if (documentClass === null) {
      void loadMarkdown().then(() => {
        if (documentClass !== null) this.requestUpdate();
      });
      this.classList.add("plain-text");
      this.textContent = this.text;
      return;
    }
    if (this.#document === null || changed.has("strings")) this.#begin(documentClass);
    this.#document?.update(this.text, !this.isStreaming);
    if (this.isStreaming) this.dispatchEvent(new Event("markdown-grown", { bubbles: true }));
  }

  #begin(shownBy: DocumentClass): void {
    this.classList.remove("plain-text");
    this.replaceChildren();
    this.#document = new shownBy(this, this.strings);
  }
}

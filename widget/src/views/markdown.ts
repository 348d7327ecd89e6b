import type { PropertyDeclarations, PropertyValues } from "lit";
import type { MarkdownDocument } from "../markdown/markdown-document.ts";
import type { Strings } from "../strings.ts";
import { View } from "./view.ts";

type DocumentClass = typeof MarkdownDocument;

let documentClass: DocumentClass | null = null;
let loading: Promise<void> | null = null;
/** Shown as they are written until then. */
const waiting = new Set<ChatBotMarkdown>();

/** Fetches what makes Markdown of text. Where it does not come, the next message asks again, and the next answer. */
export function loadMarkdown(): Promise<void> {
  loading ??= import("../markdown/markdown-document.ts").then(
    (module) => {
      documentClass = module.MarkdownDocument;
      for (const view of waiting) view.requestUpdate();
      waiting.clear();
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

  override connectedCallback(): void {
    super.connectedCallback();
    if (documentClass !== null) return;
    waiting.add(this);
    void loadMarkdown();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    waiting.delete(this);
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (documentClass === null) {
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

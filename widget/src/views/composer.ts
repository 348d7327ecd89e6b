import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { Strings } from "../strings.ts";
import { icons } from "./icons.ts";
import { View } from "./view.ts";

/** The server takes no more. */
const MAX_LENGTH = 10_000;
/** From here on the length is shown. */
const COUNTED_FROM = 9_000;

/** The message box and its button, which sends, or stops what is being answered. */
export class ChatBotComposer extends View {
  static override properties: PropertyDeclarations = {
    placeholder: { attribute: false },
    isAnswering: { attribute: false },
    isStopping: { attribute: false },
    mayInterrupt: { attribute: false },
    strings: { attribute: false },
    send: { attribute: false },
    stop: { attribute: false },
    draft: { state: true },
  };

  declare placeholder: string;
  declare isAnswering: boolean;
  declare isStopping: boolean;
  /** A message may be sent although a turn is in progress: it waits for a decision, and gives way. */
  declare mayInterrupt: boolean;
  declare strings: Strings;
  /** False: not taken, the draft stays. */
  declare send: (text: string) => boolean;
  declare stop: () => void;
  declare draft: string;

  constructor() {
    super();
    this.draft = "";
  }

  /** Moves the focus into the message box. */
  override focus(): void {
    this.#input?.focus();
  }

  protected override render(): TemplateResult {
    const { strings } = this;
    const length = this.draft.trim().length;
    const isTooLong = length > MAX_LENGTH;
    return html`<form class="composer" part="composer" @submit=${this.#onSubmit}>
      <textarea
        part="input"
        rows="1"
        dir=${this.draft === "" ? nothing : "auto"}
        enterkeyhint="send"
        aria-label=${strings.composerLabel}
        aria-invalid=${isTooLong}
        aria-describedby=${length > COUNTED_FROM ? "composer-length" : nothing}
        placeholder=${this.placeholder}
        .value=${this.draft}
        @input=${this.#onInput}
        @keydown=${this.#onKeydown}
      ></textarea>
      ${this.#showsStop(length) ? this.#renderStop() : this.#renderSend(length > 0 && !isTooLong)}
      ${
        length > COUNTED_FROM
          ? html`<span id="composer-length" class="length ${isTooLong ? "too-long" : ""}"
              >${isTooLong ? strings.messageTooLong(length, MAX_LENGTH) : strings.messageLength(length, MAX_LENGTH)}</span
            >`
          : nothing
      }
    </form>`;
  }

  protected override updated(): void {
    const input = this.#input;
    if (input === null) return;
    input.style.blockSize = "auto";
    input.style.blockSize = `${input.scrollHeight}px`;
  }

  get #input(): HTMLTextAreaElement | null {
    return this.querySelector("textarea");
  }

  #showsStop(length: number): boolean {
    return this.isAnswering && !(this.mayInterrupt && length > 0);
  }

  #renderSend(isEnabled: boolean): TemplateResult {
    const { send } = this.strings;
    return html`<button type="submit" class="send" part="send" aria-label=${send} title=${send} ?disabled=${!isEnabled}>
      ${icons.send}
    </button>`;
  }

  #renderStop(): TemplateResult {
    const label = this.isStopping ? this.strings.stopping : this.strings.stop;
    return html`<button
      type="button"
      class="send stop"
      part="stop"
      aria-label=${label}
      title=${label}
      ?disabled=${this.isStopping}
      @click=${() => {
        this.stop();
        // The button goes, and with it would the focus.
        this.focus();
      }}
    >
      ${icons.stop}
    </button>`;
  }

  readonly #onInput = (event: Event): void => {
    if (event.target instanceof HTMLTextAreaElement) this.draft = event.target.value;
  };

  /** Enter sends; while an input method composes, it accepts a candidate (229: Safari says so too late). */
  readonly #onKeydown = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.shiftKey || event.altKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.#submit();
  };

  readonly #onSubmit = (event: Event): void => {
    event.preventDefault();
    this.#submit();
  };

  #submit(): void {
    const text = this.draft.trim();
    if (text === "" || text.length > MAX_LENGTH) return;
    if (!this.send(text)) return;
    this.draft = "";
    this.#input?.focus();
  }
}

/**
 * The seam between the element, which is small and there from the start, and its panel, which is fetched when somebody
 * wants to chat. Types only.
 */
import type { Persist } from "./conversation/is-remembered.ts";
import type { PageContext } from "./protocol/index.ts";
import type { Strings } from "./strings.ts";

/** Everything the host configured, as it stands. */
export interface PanelSettings {
  endpoint: string | null;
  token: string | null;
  tokenUrl: string | null;
  tokenProvider: (() => Promise<string>) | null;
  mode: "floating" | "inline";
  isOpen: boolean;
  /** BCP 47. */
  language: string;
  heading: string | null;
  greeting: string | null;
  placeholder: string | null;
  conversationId: string | null;
  /** Origins of other sites that may frame the page and still let people approve, separated by blanks. */
  frameAncestors: string | null;
  persist: Persist;
  suggestions: readonly string[];
  strings: Partial<Strings>;
  page: PageContext | null;
}

/** What the panel asks of the element around it, and reads from it. */
export interface PanelHost extends HTMLElement, Omit<PanelSettings, "isOpen" | "language" | "conversationId"> {
  readonly open: boolean;
  /** The person wants the panel closed. */
  hide(): void;
}

/** The panel, as the element sees it. */
export interface ChatPanel {
  /**
   * The host has changed something about the element. `isFocusDue` when it was opened or closed, and the focus is to go
   * into the panel or back to the button.
   */
  readonly hostChanged: (isFocusDue?: boolean) => void;
  send(text: string): boolean;
  cancel(): Promise<void>;
  newConversation(): void;
  answerApproval(toolUseId: string, isApproved: boolean): Promise<void>;
}

/** What the panel's module offers. */
export interface PanelModule {
  /** Puts a panel into the element's shadow root, with its styles. Rejects when it cannot work on this page. */
  readonly createPanel: (host: PanelHost) => Promise<ChatPanel>;
}

/** How to get it. */
export type PanelLoader = () => Promise<PanelModule>;

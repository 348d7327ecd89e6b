/**
 * One conversation kept with the server. At any time there is at most one reader: the answer to a message while that
 * is being sent, else the conversation's event stream. Whichever it is, events pass the same gate: they are gathered,
 * applied once per frame, and announced. When something is missing the reader is replaced by one that starts from what
 * is held, and when that does not help by one that starts from the server's snapshot.
 */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import type {
  ConversationSnapshot,
  PageContext,
  RememberScope,
  ServerEvent,
  ToolRequestEvent,
} from "../protocol/index.ts";
import type { Strings } from "../strings.ts";
import type { ChatTransport, ReceivedEvent } from "../transport/chat-transport.ts";
import { TransportError } from "../transport/transport-error.ts";
import { Announcer, type ConversationObserver } from "./announcer.ts";
import { pauseAnswer } from "./answer.ts";
import { applyEvents } from "./apply-event.ts";
import { withDecision, withQuestion } from "./approval.ts";
import {
  type ActiveTurn,
  type Activity,
  type Conversation,
  type ConversationError,
  emptyConversation,
} from "./conversation.ts";
import { errorFromTransport, localError } from "./conversation-error.ts";
import { type Schedule, scheduleFrame } from "./frame-scheduler.ts";
import { replaceWithSnapshot } from "./from-snapshot.ts";
import { addressedTo, createOutgoingMessage, type OutgoingMessage, withNewKey } from "./outgoing-message.ts";
import { readReconnecting } from "./read-reconnecting.ts";
import type { ConversationMemory } from "./remember-conversation.ts";
import { decodeUnsent, encodeUnsent, isSentOn, type UnsentMessages } from "./unsent-messages.ts";
import { onlyUnsent, withAccepted, withFailed, withSending, withUnsent } from "./user-message.ts";
import { type Wait, waitToReconnect } from "./wait-to-reconnect.ts";

/** What the controller needs. Functions are asked at each use, since attributes may change at any time. */
export interface ConversationControllerOptions {
  transport(): ChatTransport;
  strings(): Strings;
  memory(): ConversationMemory;
  page?(): PageContext | null;
  observe?: ConversationObserver;
  schedule?: Schedule;
  wait?: Wait;
}

/** More about a decision. */
export interface ApprovalAnswerOptions {
  remember?: RememberScope;
  /** Told to the model with a denial. */
  reason?: string;
}

/** What the reader is to do: send the message on its way, read on from the last event, or fetch the whole state first. */
type ReadFrom = "message" | "last_event" | "snapshot";

const MAX_SNAPSHOTS_PER_TURN = 3;

/** Keeps one conversation with the server: sends, reads, reconnects, and tells its host when something changed. */
export class ConversationController implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #options: ConversationControllerOptions;
  readonly #announcer: Announcer;
  #conversation: Conversation = emptyConversation;

  #reading: AbortController | null = null;
  #readFrom: ReadFrom = "last_event";
  /** Snapshots fetched because events did not fit, since the last turn's end. */
  #snapshots = 0;
  /** The reader was stopped because the host left the document, or gave up: there is more to read, of this turn. */
  #interrupted: { turn: ActiveTurn | null } | null = null;
  #received: ReceivedEvent[] = [];
  #cancelFrame: (() => void) | null = null;

  /** The message being sent, until the server has taken it. */
  #outgoing: OutgoingMessage | null = null;
  /** Messages that failed, by local id: to be sent again as they were. */
  readonly #failed = new Map<string, OutgoingMessage>();
  /** Who writes; null until a token has told. */
  #user: string | null = null;
  #activityBeforeBreak: Activity | null = null;
  #isCancelDue = false;
  #loading: PromiseWithResolvers<void> | null = null;
  /** The conversation being loaded was remembered, not asked for: it may be gone without a word. */
  #isRemembered = false;
  #disconnectTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: ReactiveControllerHost, options: ConversationControllerOptions) {
    this.#host = host;
    this.#options = options;
    this.#announcer = new Announcer(options.observe ?? {});
    host.addController(this);
  }

  /** What the person sees. A new object after every change. */
  get conversation(): Conversation {
    return this.#conversation;
  }

  /** Whether a conversation is being fetched. */
  get isLoading(): boolean {
    return this.#loading !== null;
  }

  hostConnected(): void {
    clearTimeout(this.#disconnectTimer);
    window.addEventListener("pagehide", this.#onPageHide);
    window.addEventListener("pageshow", this.#readOn);
    this.#readOn();
  }

  /** An element that is only moved comes back within the same task, and goes on reading as if nothing happened. */
  hostDisconnected(): void {
    window.removeEventListener("pagehide", this.#onPageHide);
    window.removeEventListener("pageshow", this.#readOn);
    this.#disconnectTimer = setTimeout(() => this.#pause());
  }

  /** Browsers keep a page for going back to only when nothing is being read in it. */
  readonly #onPageHide = ({ persisted }: PageTransitionEvent): void => {
    if (persisted) this.#pause();
  };

  readonly #readOn = (): void => {
    if (this.#interrupted !== null && this.#conversation.error === null) this.#read();
  };

  #pause(): void {
    if (this.#reading === null) return;
    this.#stopReading();
    this.#interrupted = { turn: this.#conversation.activeTurn };
  }

  /**
   * Says something. False when it was not taken – nothing to say, or a turn is running, which the person is told –
   * so that the composer keeps the draft. While only an approval is pending a new message supersedes it.
   */
  send(text: string): boolean {
    const trimmed = text.trim();
    if (trimmed === "") return false;
    if (this.#isBusy()) {
      this.#showError(localError("concurrent_request", this.#options.strings()));
      return false;
    }
    const page = this.#options.page?.() ?? null;
    this.#post(createOutgoingMessage(trimmed, this.#conversation.id, page));
    return true;
  }

  /** The way out of an error: sends again what failed – the message given, else the last one – or goes on reading. */
  retry(messageId?: string): void {
    const failed = messageId === undefined ? [...this.#failed.values()].at(-1) : this.#failed.get(messageId);
    const { activeTurn, lastEndReason, messages } = this.#conversation;
    if (failed !== undefined) {
      this.#retryMessage(failed);
    } else if (this.#interrupted !== null) {
      this.#update({ ...this.#conversation, error: null, activity: { type: "reconnecting" } });
      this.#read();
    } else if (activeTurn === null && lastEndReason === "error") {
      const said = messages.findLast((message) => message.role === "user");
      if (said?.role === "user") this.send(said.text);
    } else {
      // A decision or a stop that did not get through: the person can ask for it again.
      this.dismissError();
    }
  }

  /** Asks the server to stop the turn. What was said so far stays. */
  async cancel(): Promise<void> {
    const { activeTurn, activity, id } = this.#conversation;
    if (activeTurn === null) return;
    if (this.#outgoing !== null && activity?.type === "reconnecting") {
      this.#stopReading();
      this.#failOutgoing(this.#outgoing);
      return;
    }
    this.#update({ ...this.#conversation, activeTurn: { ...activeTurn, cancelling: true } });
    if (this.#outgoing !== null || id === null) {
      // There is nothing to stop before the server has taken the message.
      this.#isCancelDue = true;
      return;
    }
    await this.#requestCancel(id);
  }

  /** Answers an approval request; an unknown id is ignored. */
  async answerApproval(toolUseId: string, approved: boolean, options: ApprovalAnswerOptions = {}): Promise<void> {
    const { id, pendingApprovals } = this.#conversation;
    const request = pendingApprovals.find((pending) => pending.tool_use_id === toolUseId);
    if (id === null || request === undefined) return;
    this.#update(withDecision(this.#conversation, request, approved));
    try {
      await this.#options.transport().answerApproval({
        conversation_id: id,
        tool_use_id: toolUseId,
        approved,
        input_sha256: request.input_sha256,
        ...(options.reason === undefined ? {} : { reason: options.reason }),
        ...(options.remember === undefined ? {} : { remember: options.remember }),
      });
    } catch (error) {
      if (this.#conversation.id === id) this.#failApproval(request, toTransportError(error));
      return;
    }
    // The continuation comes on the stream, which may have been lost meanwhile.
    if (this.#reading === null && this.#conversation.id === id) this.#read();
  }

  /** Leaves this conversation, stopping its turn, and starts an empty one. */
  newConversation(): void {
    const { id, activeTurn } = this.#conversation;
    if (id !== null && activeTurn !== null)
      void this.#options
        .transport()
        .cancel(id)
        .catch(() => {});
    this.#options.memory().forget();
    this.#leave(emptyConversation);
    this.#keepUnsent();
  }

  /** Shows a conversation: its history, pending approvals, and the rest of a turn in progress. Resolves when the history is there. */
  async load(conversationId: string): Promise<void> {
    await this.#load(conversationId, false);
  }

  /**
   * Goes on with what is remembered from before the page was loaded: the conversation, if there is one, and messages
   * of the same person that the server had not taken.
   */
  async restore(): Promise<void> {
    const memory = this.#options.memory();
    const [conversationId, encoded] = [memory.recall(), memory.recallUnsent()];
    const unsent = encoded === null ? null : decodeUnsent(encoded);
    if (conversationId !== null) await this.#load(conversationId, true);
    if (unsent !== null) await this.#takeUp(unsent);
  }

  /** Takes the error away. */
  dismissError(): void {
    if (this.#conversation.error !== null) this.#update({ ...this.#conversation, error: null });
  }

  async #takeUp(unsent: UnsentMessages): Promise<void> {
    const { underway, failed, user } = unsent;
    const place = this.#conversation.id;
    this.#user = await this.#options
      .transport()
      .user()
      .catch(() => null);
    const isTheirs = user === null || user === this.#user;
    if (!isTheirs || this.#conversation.id !== place) return;
    const isGoingOn = underway !== null && isSentOn(unsent, Date.now()) && !this.#isBusy();
    for (const message of underway === null || isGoingOn ? failed : [...failed, underway]) {
      this.#failed.set(message.localId, message);
      this.#update(withUnsent(this.#conversation, message));
    }
    if (isGoingOn) this.#post(underway);
    else this.#keepUnsent();
  }

  /** What the server has not taken outlives the page, so that a reload at the wrong moment loses nothing. */
  #keepUnsent(): void {
    const failed = [...this.#failed.values()];
    const unsent = { user: this.#user, underway: this.#outgoing, failed, keptAtMs: Date.now() };
    this.#options.memory().keepUnsent(encodeUnsent(unsent));
  }

  #retryMessage(failed: OutgoingMessage): void {
    if (this.#isBusy()) {
      this.#showError(localError("concurrent_request", this.#options.strings()));
      return;
    }
    this.#failed.delete(failed.localId);
    this.#post(addressedTo(failed, this.#conversation.id));
  }

  /** A turn is running and will not take another message. One that waits for a decision gives way to it. */
  #isBusy(): boolean {
    if (this.#outgoing !== null) return true;
    const { activeTurn, pendingApprovals } = this.#conversation;
    return activeTurn !== null && pendingApprovals.length === 0;
  }

  async #load(conversationId: string, isRemembered: boolean): Promise<void> {
    this.#leave({ ...emptyConversation, id: conversationId });
    this.#isRemembered = isRemembered;
    this.#readFrom = "snapshot";
    this.#loading = Promise.withResolvers<void>();
    const { promise } = this.#loading;
    this.#read();
    this.#host.requestUpdate();
    await promise;
  }

  #leave(next: Conversation): void {
    this.#stopReading();
    this.#endLoading();
    this.#outgoing = null;
    this.#failed.clear();
    this.#announcer.forget();
    this.#received = [];
    this.#snapshots = 0;
    this.#interrupted = null;
    this.#isCancelDue = false;
    this.#readFrom = "last_event";
    this.#update(next);
  }

  #endLoading(): void {
    this.#loading?.resolve();
    this.#loading = null;
  }

  #post(message: OutgoingMessage): void {
    this.#flush();
    this.#outgoing = message;
    this.#snapshots = 0;
    this.#isCancelDue = false;
    this.#update(withSending(this.#conversation, message));
    this.#keepUnsent();
    // While history is being fetched the message waits for it: the reader sends it next.
    if (this.#loading === null) {
      this.#readFrom = "message";
      this.#read();
    }
  }

  /** Starts reading, in place of a reader there may be. */
  #read(): void {
    this.#reading?.abort();
    const reading = new AbortController();
    this.#reading = reading;
    const turn = this.#interrupted?.turn ?? null;
    this.#interrupted = null;
    if (this.#conversation.activeTurn === null && turn !== null)
      this.#update({ ...this.#conversation, activeTurn: turn });
    void this.#readUntilDone(reading);
  }

  #stopReading(): void {
    this.#flush();
    this.#reading?.abort();
    this.#reading = null;
  }

  async #readUntilDone(reading: AbortController): Promise<void> {
    const { signal } = reading;
    try {
      await readReconnecting(
        {
          open: () => this.#open(signal),
          receive: (received) => this.#receive(received),
          onBroken: () => this.#showReconnecting(),
        },
        { signal, wait: this.#options.wait ?? waitToReconnect },
      );
      this.#flush();
      if (this.#reading !== reading) return;
      this.#reading = null;
      this.#readFrom = "last_event";
      // The server has nothing in progress and nothing newer: what is missing is in its history.
      if (this.#conversation.activeTurn !== null) this.#readFromSnapshot();
    } catch (error) {
      if (this.#reading !== reading) return;
      this.#flush();
      if (this.#reading !== reading) return;
      this.#reading = null;
      this.#fail(toTransportError(error));
    }
  }

  async *#open(signal: AbortSignal): AsyncGenerator<ReceivedEvent, void, undefined> {
    // Where to read on depends on all that has arrived.
    this.#flush();
    signal.throwIfAborted();
    const transport = this.#options.transport();
    if (this.#readFrom === "snapshot" && this.#conversation.id !== null) {
      this.#takeSnapshot(await transport.loadConversation(this.#conversation.id, signal), signal);
    }
    const outgoing = this.#outgoing;
    if (outgoing !== null) {
      this.#user = await transport.user(signal);
      this.#keepUnsent();
      const { text, conversationId, page, idempotencyKey } = outgoing;
      yield* transport.send(text, { conversationId, page, idempotencyKey, signal });
    } else if (this.#conversation.id !== null && this.#readFrom !== "snapshot") {
      yield* transport.follow(this.#conversation.id, this.#conversation.lastEventId, signal);
    }
  }

  #takeSnapshot(snapshot: ConversationSnapshot, signal: AbortSignal): void {
    signal.throwIfAborted();
    const outgoing = this.#outgoing;
    const fresh = replaceWithSnapshot(this.#conversation, snapshot);
    this.#endLoading();
    this.#readFrom = outgoing !== null ? "message" : fresh.activeTurn !== null ? "last_event" : "snapshot";
    this.#options.memory().remember(snapshot.id);
    this.#update(outgoing === null ? fresh : withSending(fresh, outgoing));
    this.#announcer.announce([], this.#conversation);
  }

  #receive(received: ReceivedEvent): void {
    this.#showConnected();
    const { id, event } = received;
    if (id === null && event === null) return;
    const outgoing = this.#outgoing;
    if (outgoing !== null && event?.type === "session_created") {
      this.#outgoing = { ...outgoing, begunConversationId: event.conversation_id };
    }
    if (outgoing !== null && event?.type === "status_update" && event.state === "started") {
      this.#accept(outgoing, event.message.id);
    }
    this.#received.push(received);
    this.#cancelFrame ??= (this.#options.schedule ?? scheduleFrame)(() => this.#flush());
  }

  /** The answer to a message tells of its own turn only: what started is the message. */
  #accept({ localId }: OutgoingMessage, serverId: string): void {
    this.#outgoing = null;
    this.#update(withAccepted(this.#conversation, localId, serverId));
  }

  /** Applies what was gathered since the last frame, and announces it. */
  #flush(): void {
    this.#cancelFrame?.();
    this.#cancelFrame = null;
    if (this.#received.length === 0) return;
    const received = this.#received;
    this.#received = [];
    const { conversation, applied, gap } = applyEvents(this.#conversation, received);
    this.#update(conversation);
    for (const event of applied) this.#note(event);
    this.#announcer.announce(applied, conversation);
    if (gap === null) return;
    if (gap === "event" && this.#readFrom === "message" && this.#outgoing === null) {
      // Other turns came in between, or the one that this message superseded has just ended: read them, too.
      this.#readFrom = "last_event";
      this.#read();
    } else {
      this.#readFromSnapshot();
    }
  }

  #readFromSnapshot(): void {
    this.#snapshots += 1;
    this.#readFrom = "snapshot";
    if (this.#snapshots <= MAX_SNAPSHOTS_PER_TURN) {
      this.#read();
      return;
    }
    this.#reading?.abort();
    this.#reading = null;
    this.#snapshots = 0;
    this.#interrupt(localError("stream_gap", this.#options.strings()));
  }

  /** What an event means for the controller itself. */
  #note(event: ServerEvent): void {
    const { id } = this.#conversation;
    if (event.type === "session_created") {
      this.#options.memory().remember(event.conversation_id);
    } else if (event.type === "done") {
      this.#snapshots = 0;
    } else if (event.type === "status_update" && event.state === "started") {
      this.#keepUnsent();
      if (!this.#isCancelDue || id === null) return;
      this.#isCancelDue = false;
      void this.#requestCancel(id);
    }
  }

  #showReconnecting(): void {
    this.#flush();
    const { activity } = this.#conversation;
    if (activity?.type === "reconnecting") return;
    this.#activityBeforeBreak = activity;
    this.#update({ ...this.#conversation, activity: { type: "reconnecting" } });
  }

  #showConnected(): void {
    if (this.#conversation.activity?.type !== "reconnecting") return;
    this.#update({ ...this.#conversation, activity: this.#activityBeforeBreak ?? { type: "typing" } });
  }

  /** Reading ended for a reason that trying again would not change. */
  #fail(error: TransportError): void {
    if (error.code === "not_found" && this.#conversation.id !== null) {
      this.#startOver(error);
      return;
    }
    const shown = errorFromTransport(error, this.#options.strings());
    if (this.#outgoing === null) {
      this.#interrupt(shown);
      return;
    }
    this.#failOutgoing(error.code === "idempotency_mismatch" ? withNewKey(this.#outgoing) : this.#outgoing);
    this.#showError(shown);
    if (this.#readFrom === "message") this.#readFrom = "last_event";
    this.#endLoading();
    if (error.code === "concurrent_request" && error.body?.conversation_id === this.#conversation.id) {
      const turnId = error.body?.turn_id ?? null;
      this.#update({
        ...this.#conversation,
        activeTurn: { id: turnId, cancelling: false },
        activity: { type: "typing" },
      });
    }
    // Another turn goes on, running or waiting for a decision, while this message was refused.
    if (error.body !== null && shown.remedy !== "sign_in" && this.#conversation.activeTurn !== null) this.#read();
  }

  #failOutgoing(message: OutgoingMessage): void {
    this.#outgoing = null;
    this.#isCancelDue = false;
    this.#failed.set(message.localId, message);
    this.#update(withFailed(this.#conversation, message.localId));
    this.#keepUnsent();
  }

  /** The conversation is gone. What was being said begins a new one. */
  #startOver(error: TransportError): void {
    this.#options.memory().forget();
    const wasLoading = this.#loading !== null;
    const outgoing = this.#outgoing;
    this.#endLoading();
    this.#readFrom = "last_event";
    this.#update({ ...onlyUnsent(this.#conversation), activeTurn: null, activity: null });
    if (outgoing !== null) {
      this.#post(withNewKey({ ...outgoing, conversationId: null }));
    } else if (!(wasLoading && this.#isRemembered)) {
      this.#showError(errorFromTransport(error, this.#options.strings()));
    }
  }

  /** Nothing is read any more, though the turn may go on; `retry()` reads on. */
  #interrupt(error: ConversationError): void {
    this.#interrupted = { turn: this.#conversation.activeTurn };
    this.#endLoading();
    this.#update({ ...pauseAnswer(this.#conversation), activeTurn: null, activity: null });
    this.#showError(error);
  }

  #failApproval(request: ToolRequestEvent, error: TransportError): void {
    // After a refusal there is nothing left to decide; else the question stands.
    const isOver = [
      "already_decided",
      "approval_expired",
      "approval_superseded",
      "input_changed",
      "not_found",
    ].includes(error.code);
    if (!isOver) this.#update(withQuestion(this.#conversation, request));
    this.#showError(errorFromTransport(error, this.#options.strings()));
  }

  async #requestCancel(conversationId: string): Promise<void> {
    try {
      await this.#options.transport().cancel(conversationId);
    } catch (error) {
      const { id, activeTurn } = this.#conversation;
      if (id !== conversationId || activeTurn === null) return;
      this.#update({ ...this.#conversation, activeTurn: { ...activeTurn, cancelling: false } });
      this.#showError(errorFromTransport(toTransportError(error), this.#options.strings()));
    }
  }

  #showError(error: ConversationError): void {
    this.#update({ ...this.#conversation, error });
    this.#options.observe?.onError?.(error);
  }

  #update(conversation: Conversation): void {
    this.#conversation = conversation;
    this.#host.requestUpdate();
  }
}

/** What is not a refusal is a fault of this code or of the host's, and is shown as one. */
function toTransportError(error: unknown): TransportError {
  return error instanceof TransportError ? error : new TransportError("internal", { cause: error });
}

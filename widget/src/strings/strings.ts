import type { ToolOutcome } from "../protocol/index.ts";

/** Every text a person may see or hear. What needs a value is a function; hosts may replace any of them. */
export interface Strings {
  // Launcher and panel
  launcherOpen: string;
  launcherClose: string;
  /** Accessible name of the launcher while messages wait unread. */
  launcherUnread: (count: number) => string;
  heading: string;
  close: string;
  newConversation: string;
  /** Accessible name of the message list. */
  messageList: string;
  greeting: string;
  /** Heading over the suggestions of an empty conversation. */
  suggestions: string;
  loadingConversation: string;
  scrollToLatest: string;

  // Messages
  /** Who said it, for screen readers. */
  you: string;
  assistant: string;
  messageSending: string;
  messageFailed: string;
  messageRetry: string;
  answerStopped: string;
  answerCutAtLimit: string;
  copyCode: string;
  codeCopied: string;
  showMore: string;
  showLess: string;

  // Composer
  composerLabel: string;
  placeholder: string;
  send: string;
  stop: string;
  stopping: string;
  messageTooLong: (length: number, limit: number) => string;

  // Status badges
  statusTyping: string;
  statusCreatingFile: (path: string | null) => string;
  statusToolRunning: (title: string) => string;
  statusAwaitingApproval: string;
  statusBusy: (retryInMs: number) => string;
  statusRecovering: string;
  statusConnecting: string;
  statusReconnecting: string;
  statusStopping: string;

  // Tool calls
  toolPreparing: string;
  toolAwaitingApproval: string;
  toolRunning: string;
  toolOutcome: Record<ToolOutcome, string>;
  toolDuration: (durationMs: number) => string;
  toolInput: string;
  toolOutput: string;
  toolResult: string;
  toolResultTruncated: string;
  toolProgress: (done: number, total: number) => string;
  toolImage: string;
  toolFileWritten: (path: string) => string;
  toolShowDetails: string;
  toolHideDetails: string;

  // Approval dialog
  approvalTitle: string;
  approvalAsks: (title: string) => string;
  approvalDescription: string;
  approvalInput: string;
  approvalNoInput: string;
  approvalApprove: string;
  approvalDeny: string;
  approvalRememberConversation: string;
  approvalExpiresIn: (remainingMs: number) => string;
  approvalExpired: string;
  approvalPosition: (index: number, count: number) => string;
  approvalDestructive: string;
  /** Announced to screen readers when a request appears. */
  approvalAnnouncement: (title: string) => string;

  // Links
  linkTitle: string;
  linkConfirm: (host: string) => string;
  linkOpen: string;
  linkCancel: string;

  // Errors and ways out
  errorTitle: string;
  errorNetwork: string;
  errorTokenUnavailable: string;
  errorSignIn: string;
  errorStreamGap: string;
  errorConcurrent: string;
  errorLimit: string;
  errorTooManyRequests: string;
  errorNotFound: string;
  errorAlreadyDecided: string;
  errorInternal: string;
  limitResetsAt: (resetsAt: Date) => string;
  retryIn: (retryAfterMs: number) => string;
  remedyRetry: string;
  remedySignIn: string;
  dismiss: string;
}

import type { ApprovalRule, LimitType, ToolOutcome } from "../protocol/index.ts";

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
  /** Button that shows what the assistant may do. */
  sessionOpen: string;
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
  messageFailed: string;
  messageRetry: string;
  answerStopped: string;
  answerCutAtLimit: string;
  copyCode: string;
  codeCopied: string;

  // Composer
  composerLabel: string;
  placeholder: string;
  send: string;
  stop: string;
  stopping: string;
  /** Near the limit: so many characters of so many. */
  messageLength: (length: number, limit: number) => string;
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
  /** A size in bytes, with its unit. */
  size: (bytes: number) => string;
  /** Of a file that is written. */
  fileSize: (lines: number, bytes: number) => string;
  toolInput: string;
  toolOutput: string;
  toolResult: string;
  toolResultTruncated: string;
  toolProgress: (done: number, total: number) => string;
  toolImage: string;
  toolFileWritten: (path: string) => string;
  toolShowDetails: string;
  toolHideDetails: string;
  /** Only the end of a long output is shown: so much is not. */
  toolOutputHidden: (bytes: number) => string;
  toolOutputShowAll: string;
  toolOutputShowEnd: string;
  /** Button that follows a growing output again. */
  toolOutputFollow: string;

  // Approval dialog
  approvalTitle: string;
  approvalAsks: (title: string) => string;
  approvalInput: string;
  approvalNoInput: string;
  approvalApprove: string;
  approvalDeny: string;
  approvalRememberConversation: string;
  approvalExpiresIn: (remainingMs: number) => string;
  /** Read out once, when little time is left. */
  approvalExpiresSoon: string;
  approvalExpired: string;
  approvalPosition: (index: number, count: number) => string;
  approvalPrevious: string;
  approvalNext: string;
  approvalApproveAll: (count: number) => string;
  approvalDenyAll: (count: number) => string;
  /** Approving all is possible once each has been looked at: so many are left. */
  approvalLookAtAll: (unseen: number) => string;
  approvalDestructive: string;
  /** The buttons are covered, or partly out of view. */
  approvalNotVisible: string;
  /** The page is shown inside a page of another site that may not ask for approvals. */
  approvalFramed: string;
  approvalOpenPage: string;
  /** A file that is written must not exist yet. */
  fileNew: string;
  /** A file that is written takes the place of one there may be. */
  fileReplaces: string;
  fileContent: string;
  fileChanges: string;
  diffSummary: (added: number, removed: number) => string;
  /** Before a line of a file that is changed, for screen readers. */
  diffAdded: string;
  diffRemoved: string;
  /** Requests that were answered in another window, or by nobody. */
  approvalApprovedElsewhere: (title: string) => string;
  approvalDeniedElsewhere: (title: string) => string;
  approvalRanOut: (title: string) => string;
  /** Announced to screen readers when a request appears. */
  approvalAnnouncement: (title: string) => string;

  // What the assistant may do, and what it did
  sessionTitle: string;
  sessionBack: string;
  sessionLoading: string;
  sessionFailed: string;
  /** Before the name of the person, the organization, the model. */
  sessionUser: string;
  sessionOrganization: string;
  sessionModel: string;
  budget: string;
  budgetUser: string;
  budgetOrganization: string;
  budgetRemaining: (tokens: number, limit: number) => string;
  /** Near the message box, when little is left. `fraction` is from 0 to 1. */
  budgetLow: (fraction: number) => string;
  budgetShow: string;
  tools: string;
  toolsNone: string;
  /** Whether a person is asked before a tool runs. */
  toolApproval: Record<ApprovalRule, string>;
  approvals: string;
  approvalsNone: string;
  approvalSince: (date: Date) => string;
  /** Button that forgets a remembered approval, and its name for screen readers. */
  approvalRevoke: string;
  approvalRevokeOf: (title: string) => string;
  approvalRevoked: (title: string) => string;
  approvalRevokeFailed: (title: string) => string;
  receipt: string;
  receiptNone: string;
  receiptTime: (date: Date) => string;
  receiptApproved: (date: Date) => string;
  receiptDenied: (date: Date) => string;
  receiptApprovedElsewhere: string;
  receiptDeniedElsewhere: string;

  // Links
  linkTitle: string;
  linkConfirm: (host: string) => string;
  linkOpen: string;
  linkCancel: string;

  // Errors and ways out
  errorNetwork: string;
  errorTokenUnavailable: string;
  errorSignIn: string;
  errorStreamGap: string;
  errorConcurrent: string;
  errorLimit: Record<LimitType, string>;
  errorInternal: string;
  /** A file of the chat itself did not come. */
  errorPartMissing: string;
  limitResetsAt: (resetsAt: Date) => string;
  retryIn: (retryAfterMs: number) => string;
  remedyRetry: string;
  remedySignIn: string;
  dismiss: string;
}

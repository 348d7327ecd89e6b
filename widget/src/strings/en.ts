import { formatCountdown, formatDuration } from "./format-duration.ts";
import type { Strings } from "./strings.ts";

/** English. `locale` decides how numbers, dates and units are written. */
export function englishStrings(locale: string): Strings {
  const plural = new Intl.PluralRules(locale);
  const integer = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const count = (value: number, one: string, other: string): string =>
    `${integer.format(value)} ${plural.select(value) === "one" ? one : other}`;
  const seconds = (milliseconds: number): string =>
    count(Math.max(1, Math.ceil(milliseconds / 1000)), "second", "seconds");
  const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });

  return {
    launcherOpen: "Open chat",
    launcherClose: "Close chat",
    launcherUnread: (unread) => `Open chat, ${count(unread, "unread message", "unread messages")}`,
    heading: "Assistant",
    close: "Close",
    newConversation: "New conversation",
    messageList: "Conversation",
    greeting: "Hello! How can I help you?",
    suggestions: "You could ask",
    loadingConversation: "Loading the conversation…",
    scrollToLatest: "Scroll to the latest message",

    you: "You",
    assistant: "Assistant",
    messageSending: "Sending…",
    messageFailed: "Not sent",
    messageRetry: "Send again",
    answerStopped: "Stopped",
    answerCutAtLimit: "The answer was cut off because it reached its maximum length.",
    copyCode: "Copy code",
    codeCopied: "Copied",
    showMore: "Show more",
    showLess: "Show less",

    composerLabel: "Your message",
    placeholder: "Write a message…",
    send: "Send",
    stop: "Stop",
    stopping: "Stopping…",
    messageTooLong: (length, limit) =>
      `The message is too long: ${integer.format(length)} of at most ${count(limit, "character", "characters")}.`,

    statusTyping: "AI is typing…",
    statusCreatingFile: (path) => (path === null ? "Creating file…" : `Creating file ${path}…`),
    statusToolRunning: (title) => `Running ${title}…`,
    statusAwaitingApproval: "Waiting for your approval",
    statusBusy: (retryInMs) => `Busy… trying again in ${seconds(retryInMs)}`,
    statusRecovering: "Picking up where it left off…",
    statusConnecting: "Connecting…",
    statusReconnecting: "Reconnecting…",
    statusStopping: "Stopping…",

    toolPreparing: "Preparing",
    toolAwaitingApproval: "Waiting for approval",
    toolRunning: "Running",
    toolOutcome: {
      ok: "Done",
      error: "Failed",
      denied: "Denied",
      expired: "Expired without an answer",
      superseded: "Dropped for your new message",
      cancelled: "Cancelled",
      unknown: "Outcome unknown: it may or may not have happened",
    },
    toolDuration: (durationMs) => formatDuration(locale, durationMs),
    toolInput: "Input",
    toolOutput: "Live output",
    toolResult: "Result",
    toolResultTruncated: "The result was shortened.",
    toolProgress: (done, total) => `${integer.format(done)} of ${integer.format(total)}`,
    toolImage: "Image from the tool",
    toolFileWritten: (path) => `File ${path}`,
    toolShowDetails: "Show details",
    toolHideDetails: "Hide details",

    approvalTitle: "Approval needed",
    approvalAsks: (title) => `The assistant wants to run “${title}”`,
    approvalDescription: "What it does",
    approvalInput: "Exact input",
    approvalNoInput: "No input",
    approvalApprove: "Approve",
    approvalDeny: "Deny",
    approvalRememberConversation: "Do not ask again in this conversation",
    approvalExpiresIn: (remainingMs) => `Expires in ${formatCountdown(remainingMs)}`,
    approvalExpired: "This request has expired.",
    approvalPosition: (index, total) => `${integer.format(index)} of ${integer.format(total)}`,
    approvalDestructive: "This can change or delete things for good.",
    approvalAnnouncement: (title) => `Your approval is needed: the assistant wants to run ${title}`,

    linkTitle: "Leave this page?",
    linkConfirm: (host) => `This link leads to ${host}. Its full address is:`,
    linkOpen: "Open link",
    linkCancel: "Cancel",

    errorTitle: "Something went wrong",
    errorNetwork: "The connection was lost. Your message is kept.",
    errorTokenUnavailable: "Signing in to the assistant did not work.",
    errorSignIn: "Your session has ended. Please sign in again.",
    errorStreamGap: "Part of the answer got lost on the way.",
    errorConcurrent: "One moment, please: the assistant is still answering another message of yours.",
    errorLimit: "Today’s usage limit is reached.",
    errorTooManyRequests: "That was a bit fast. Please wait a moment.",
    errorNotFound: "This conversation no longer exists.",
    errorAlreadyDecided: "This was already decided somewhere else.",
    errorInternal: "Something went wrong on our side.",
    limitResetsAt: (resetsAt) => `The limit resets on ${dateTime.format(resetsAt)}.`,
    retryIn: (retryAfterMs) => `Try again in ${seconds(retryAfterMs)}.`,
    remedyRetry: "Try again",
    remedySignIn: "Sign in again",
    dismiss: "Dismiss",
  };
}

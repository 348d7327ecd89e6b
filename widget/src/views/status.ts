import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { Activity, Message } from "../conversation/conversation.ts";
import type { Strings } from "../strings.ts";
import { View } from "./view.ts";
import { visibleWithin } from "./visible-text.ts";

/** The badge that says what the assistant is doing. */
export class ChatBotStatus extends View {
  static override properties: PropertyDeclarations = {
    activity: { attribute: false },
    isCancelling: { attribute: false },
    messages: { attribute: false },
    strings: { attribute: false },
  };

  declare activity: Activity | null;
  declare isCancelling: boolean;
  /** To look up what is running. */
  declare messages: readonly Message[];
  declare strings: Strings;

  protected override render(): TemplateResult | typeof nothing {
    const { activity, strings } = this;
    if (activity === null) return nothing;
    const text = this.isCancelling ? strings.statusStopping : activityText(activity, this.messages, strings);
    return html`<div class="status is-${activity.type}" part="status">
      <span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>
      <span class="status-text">${visibleWithin(text, subject(activity, this.messages))}</span>
    </div>`;
  }
}

/** What the assistant is doing, in words. */
export function activityText(activity: Activity, messages: readonly Message[], strings: Strings): string {
  switch (activity.type) {
    case "typing":
      return strings.statusTyping;
    case "tool_running":
      return activity.filePath === null
        ? strings.statusToolRunning(subject(activity, messages))
        : strings.statusCreatingFile(activity.filePath);
    case "awaiting_approval":
      return strings.statusAwaitingApproval;
    case "busy":
      return strings.statusBusy(activity.retryInMs);
    case "recovering":
      return strings.statusRecovering;
    case "connecting":
      return strings.statusConnecting;
    case "reconnecting":
      return strings.statusReconnecting;
  }
}

/** What the words name and is not ours. */
function subject(activity: Activity, messages: readonly Message[]): string {
  if (activity.type !== "tool_running") return "";
  return activity.filePath ?? toolTitle(messages, activity.toolUseId);
}

function toolTitle(messages: readonly Message[], toolUseId: string): string {
  for (const message of messages.toReversed()) {
    if (message.role !== "assistant") continue;
    for (const part of message.parts) {
      if (part.type === "tool_call" && part.call.id === toolUseId) return part.call.title;
    }
  }
  return "";
}

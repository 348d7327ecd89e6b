/**
 * The views that only tools need, in a file of their own: chatting does not wait for it. Their elements may stand in
 * the panel before it is there, with their properties, and come to life with it.
 */
import { defineViews } from "./define-views.ts";
import { approvalDialogStyles } from "./views/approval-dialog.styles.ts";
import { ChatBotApprovalDialog } from "./views/approval-dialog.ts";
import { ChatBotLinkDialog } from "./views/link-dialog.ts";
import { createStyleSheet } from "./views/style-sheet.ts";
import { toolCallStyles } from "./views/tool-call.styles.ts";
import { ChatBotToolCall } from "./views/tool-call.ts";
import { toolInputStyles } from "./views/tool-input.styles.ts";
import { ChatBotToolOutput } from "./views/tool-output.ts";

/** Registers the views, and answers with their styles. */
export function defineToolViews(): CSSStyleSheet[] {
  defineViews({
    "chat-bot-tool-call": ChatBotToolCall,
    "chat-bot-tool-output": ChatBotToolOutput,
    "chat-bot-approval-dialog": ChatBotApprovalDialog,
    "chat-bot-link-dialog": ChatBotLinkDialog,
  });
  return [toolCallStyles, toolInputStyles, approvalDialogStyles].map(createStyleSheet);
}

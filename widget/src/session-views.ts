/** What is fetched when somebody wants to know what the assistant may do, and for the budget when an answer is there. */
import { BudgetWatch } from "./conversation/budget-watch.ts";
import { defineViews } from "./define-views.ts";
import { loadUsage, type SessionTransport } from "./transport/session-api.ts";
import { sessionViewStyles } from "./views/session-view.styles.ts";
import { ChatBotSessionView } from "./views/session-view.ts";
import { createStyleSheet } from "./views/style-sheet.ts";

/** Registers the view, and answers with its styles. */
export function defineSessionViews(): CSSStyleSheet[] {
  defineViews({ "chat-bot-session-view": ChatBotSessionView });
  return [createStyleSheet(sessionViewStyles)];
}

/** Watches the daily limits of whoever the transport asks for. */
export function watchBudget(transport: () => SessionTransport): BudgetWatch {
  return new BudgetWatch(() => loadUsage(transport()));
}

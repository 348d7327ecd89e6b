import type { SessionResponse, UsageResponse } from "@chat-bot/widget/protocol";
import type { Middleware } from "koa";
import type { TokenBudget } from "../admit/token-budget.ts";
import { holdsPermission } from "../permission.ts";
import type { Identity } from "../store/identity.ts";
import type { Tool } from "../tools/tool.ts";

/** What the two routes need. */
export interface SessionOptions {
  budget: TokenBudget;
  model: string;
  tools(identity: Identity): Promise<readonly Tool[]>;
}

interface State {
  identity: Identity;
}

/** `GET /session`: who the user is here, and what the assistant may do for them. */
export function session(options: SessionOptions): Middleware<State> {
  return async function answerSession(ctx) {
    const { identity } = ctx.state;
    const { owner, name } = identity;
    const tools = await options.tools(identity);
    const response: SessionResponse = {
      user: { id: owner.user, ...(name === undefined ? {} : { name }) },
      organization: { id: owner.organization },
      permissions: [...identity.permissions],
      tools: tools.map((tool) => ({
        name: tool.name,
        title: tool.title,
        description: tool.description,
        approval: tool.rule.approval,
      })),
      limits: await visibleUsage(identity, options.budget),
      model: options.model,
      features: {},
    };
    ctx.body = response;
  };
}

/** `GET /usage`: what of the daily tokens is used and reserved. */
export function usage(options: SessionOptions): Middleware<State> {
  return async function answerUsage(ctx) {
    ctx.body = await visibleUsage(ctx.state.identity, options.budget);
  };
}

/** The total of all organizations is for administrators only. */
async function visibleUsage(identity: Identity, budget: TokenBudget): Promise<UsageResponse> {
  const { user, organization, global } = await budget.usage(identity.owner);
  const isAdmin = holdsPermission(identity.permissions, "chatbot:admin");
  return { user, organization, ...(isAdmin ? { global } : {}) };
}

import { expect, test } from "vitest";
import { importProblem } from "./import-rules.ts";

const ALLOWED = [
  ["server/src/main.ts", "./app.ts"],
  ["server/src/main.ts", "./config.ts"],
  ["server/src/app.ts", "./routes/message.ts"],
  ["server/src/app.ts", "koa"],
  ["server/src/config.ts", "./admit/token-budget.ts"],
  ["server/src/routes/message.ts", "../turn/run-turn.ts"],
  ["server/src/routes/message.ts", "../stream/event-stream.ts"],
  ["server/src/routes/message.ts", "@koa/router"],
  ["server/src/authenticate/verify-token.ts", "jose"],
  ["server/src/authenticate/authenticate.ts", "koa"],
  ["server/src/admit/admit.ts", "../store/coordination.ts"],
  ["server/src/turn/run-turn.ts", "../tools/tool.ts"],
  ["server/src/turn/run-turn.ts", "./stream-step.ts"],
  ["server/src/turn/model-client.ts", "@anthropic-ai/sdk/resources/messages"],
  ["server/src/tools/mcp-servers.ts", "@modelcontextprotocol/client/stdio"],
  ["server/src/tools/workspace/write-file.ts", "../tool.ts"],
  ["server/src/tools/workspace/write-file.ts", "../../canonical-json.ts"],
  ["server/src/approval/needs-approval.ts", "../tools/tool.ts"],
  ["server/src/store/sql/sql-store.ts", "node:sqlite"],
  ["server/src/store/sql/sql-store.ts", "../../errors.ts"],
  ["server/src/store/redis-coordination.ts", "redis"],
  ["server/src/turn/run-turn.test.ts", "../admit/admit.ts"],
  ["server/src/admit/admit.test.ts", "jose"],
  ["server/test/signed-token.ts", "jose"],
  ["demo/src/tool-server.ts", "node:sqlite"],
  ["demo/src/start.ts", "@chat-bot/server"],
  ["widget/src/conversation/apply-event.ts", "../protocol/index.ts"],
  ["widget/src/chat-bot.ts", "lit"],
] as const;

const REFUSED = [
  ["server/src/app.ts", "./main.ts"],
  ["server/src/app.ts", "./config.ts"],
  ["server/src/routes/message.ts", "../app.ts"],
  ["server/src/authenticate/authenticate.ts", "../admit/admit.ts"],
  ["server/src/admit/admit.ts", "../authenticate/identity.ts"],
  ["server/src/admit/admit.ts", "../config.ts"],
  ["server/src/turn/run-turn.ts", "../stream/encode-event.ts"],
  ["server/src/turn/run-turn.ts", "../routes/message.ts"],
  ["server/src/tools/tool.ts", "../approval/decide.ts"],
  ["server/src/approval/decide.ts", "../tools/tool-catalog.ts"],
  ["server/src/approval/decide.ts", "../turn/run-turn.ts"],
  ["server/src/store/store.ts", "../tools/tool.ts"],
  ["server/src/errors.ts", "./store/store.ts"],
  ["server/src/utils/strings.ts", "../errors.ts"],
  ["server/src/admit/admit.ts", "jose"],
  ["server/src/authenticate/verify-token.ts", "koa"],
  ["server/src/routes/message.ts", "@anthropic-ai/sdk"],
  ["server/src/tools/tool-catalog.ts", "@modelcontextprotocol/client"],
  ["server/src/tools/workspace/mcp-like.ts", "@modelcontextprotocol/client"],
  ["server/src/store/store.ts", "kysely"],
  ["server/src/store/memory-coordination.ts", "redis"],
  ["server/src/store/store.ts", "pg/lib/client.js"],
  ["server/src/turn/run-turn.ts", "@chat-bot/widget"],
  ["server/src/turn/run-turn.ts", "../../../widget/src/protocol/index.ts"],
  ["widget/src/protocol/index.ts", "../strings.ts"],
  ["widget/src/chat-bot.ts", "@chat-bot/server"],
  ["widget/src/chat-bot.ts", "../../server/src/errors.ts"],
  ["demo/src/start.ts", "../../server/src/main.ts"],
] as const;

test.each(ALLOWED)("%s may import %s", (file, specifier) => {
  expect(importProblem({ file, specifier, isTypeOnly: false })).toBeUndefined();
});

test.each(REFUSED)("%s may not import %s", (file, specifier) => {
  expect(importProblem({ file, specifier, isTypeOnly: true })).toBeTypeOf("string");
});

test("the server takes types of the protocol from the widget, and no values", () => {
  const imported = { file: "server/src/turn/run-turn.ts", specifier: "@chat-bot/widget/protocol" };
  expect(importProblem({ ...imported, isTypeOnly: true })).toBeUndefined();
  expect(importProblem({ ...imported, isTypeOnly: false })).toBeTypeOf("string");
});

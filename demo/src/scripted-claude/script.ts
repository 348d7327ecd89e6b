// The mind of the scripted Claude. It reads nothing but the request: the last words of the user, and what the tools have
// answered since. Each wish says what it wants next, a call or a sentence; calls of the same step are asked for together.

import { isDeepStrictEqual } from "node:util";
import type { MessagesRequest } from "./messages-request.ts";
import { withoutPoliteness } from "./politeness.ts";
import { tellCall } from "./prose.ts";
import { type ListedMember, readMembers } from "./read-members.ts";
import { readPerformance } from "./read-performance.ts";
import { type FinishedCall, readTurn, type TurnSoFar } from "./read-turn.ts";
import { readWishes } from "./read-wishes.ts";
import type { Reply, ReplyBlock } from "./reply.ts";
import { runTestScript } from "./test-script.ts";
import type { Wish } from "./wish.ts";

const LIST = "members__member_list";
const GET = "members__member_get";
const REMOVE = "members__member_remove";
const INVITE = "members__member_invite";
const WRITE = "workspace__write_file";
const EDIT = "workspace__edit_file";
const READ = "workspace__read_file";
const LIST_FILES = "workspace__list_files";

/** What the scripted Claude answers to a request. */
export function decideReply(request: MessagesRequest): Reply {
  const turn = readTurn(request);
  const scripted = runTestScript(turn.userText, turn.step);
  if (scripted !== null) return scripted;
  const wanted = withoutPoliteness(turn.userText);
  const performance = readPerformance(wanted);
  if (performance !== null) return performance;
  const wishes = readWishes(wanted);
  if (wishes.length === 0) return say(helpText(request));
  const offered = new Set((request.tools ?? []).map((tool) => tool.name));
  return join(
    wishes.map((wish) => nextFor(wish, turn, offered)),
    request,
  );
}

/** What one wish wants next. */
type Next = { type: "call"; call: ToolCall; intro: string } | { type: "say"; text: string };

interface ToolCall {
  name: string;
  input: Record<string, unknown>;
}

function nextFor(wish: Wish, turn: TurnSoFar, offered: ReadonlySet<string>): Next {
  switch (wish.type) {
    case "list_members":
      return callOnce({ name: LIST, input: {} }, "Let me look at the members.", turn, offered);
    case "show_member":
      return forMember(GET, wish.who, "Let me look that up.", turn, offered);
    case "remove_member":
      return forMember(REMOVE, wish.who, `I would like to remove member ${wish.who}.`, turn, offered);
    case "invite_member":
      return callOnce(
        { name: INVITE, input: { email: wish.email, name: wish.name } },
        `I would like to invite ${wish.name} (${wish.email}).`,
        turn,
        offered,
      );
    case "write_file": {
      const input = { path: wish.path, content: wish.content, ...(wish.overwrite ? { overwrite: true } : {}) };
      return callOnce({ name: WRITE, input }, `I will write \`${wish.path}\`.`, turn, offered);
    }
    case "list_files":
      return callOnce({ name: LIST_FILES, input: {} }, "Let me look at your files.", turn, offered);
    case "read_file":
      return callOnce({ name: READ, input: { path: wish.path } }, `Let me read \`${wish.path}\`.`, turn, offered);
    case "edit_file": {
      const input = { path: wish.path, old_text: wish.oldText, new_text: wish.newText };
      return callOnce({ name: EDIT, input }, `I will change \`${wish.path}\`.`, turn, offered);
    }
    case "call":
      return callOnce({ name: wish.name, input: wish.input }, "Let me try that.", turn, new Set([wish.name]));
  }
}

function callOnce(call: ToolCall, intro: string, turn: TurnSoFar, offered: ReadonlySet<string>): Next {
  const done = findCall(turn.calls, call);
  if (done !== undefined) return { type: "say", text: tellCall(done) };
  if (!offered.has(call.name)) return { type: "say", text: missingTool(call.name) };
  return { type: "call", call, intro };
}

/** Calls a tool for a member who is known by number, or else is looked up first. */
function forMember(name: string, who: string, intro: string, turn: TurnSoFar, offered: ReadonlySet<string>): Next {
  if (!offered.has(name)) return { type: "say", text: missingTool(name) };
  if (/^\d{1,9}$/.test(who)) return callOnce({ name, input: { member_id: Number(who) } }, intro, turn, offered);
  const listed = callOnce({ name: LIST, input: {} }, `Let me find ${who} first.`, turn, offered);
  const list = findCall(turn.calls, { name: LIST, input: {} });
  if (listed.type === "call" || list === undefined || list.isError) return listed;
  const found = (readMembers(list.text) ?? []).filter((member) => isCalled(member, who));
  const [only] = found;
  if (only === undefined) return { type: "say", text: `I found nobody called ${who} among the members.` };
  if (found.length > 1) {
    const names = found.map((member) => `${member.name} (number ${member.id})`).join(", ");
    return { type: "say", text: `More than one member is called ${who}: ${names}. Please tell me the number.` };
  }
  return callOnce(
    { name, input: { member_id: only.id } },
    `${only.name} is number ${only.id}. ${intro}`,
    turn,
    offered,
  );
}

function isCalled(member: ListedMember, who: string): boolean {
  const wanted = who.toLocaleLowerCase("en");
  const name = member.name.toLocaleLowerCase("en");
  return name === wanted || member.email.toLocaleLowerCase("en") === wanted || name.split(" ").includes(wanted);
}

function findCall(calls: readonly FinishedCall[], wanted: ToolCall): FinishedCall | undefined {
  return calls.find((call) => call.name === wanted.name && isDeepStrictEqual(call.input, wanted.input));
}

/** Calls come first: there is nothing to tell before they have their results. */
function join(nexts: readonly Next[], request: MessagesRequest): Reply {
  const choice = request.tool_choice ?? { type: "auto" };
  const wanted = uniqueCalls(nexts.filter((next) => next.type === "call"));
  if (choice.type === "none" && wanted.length > 0) {
    return say([...spoken(nexts), "I may not use any more tools for this answer, so I stop here."].join("\n\n"));
  }
  const isSerial = choice.type !== "none" && choice.disable_parallel_tool_use === true;
  const calls = isSerial ? wanted.slice(0, 1) : wanted;
  if (calls.length === 0) return say(spoken(nexts).join("\n\n"));
  const intro = calls.map((next) => next.intro).join(" ");
  const blocks = calls.map(
    ({ call }): ReplyBlock => ({ type: "tool_use", name: call.name, json: JSON.stringify(call.input) }),
  );
  return { blocks: [{ type: "text", text: intro }, ...blocks] };
}

function uniqueCalls<Call extends { call: ToolCall }>(nexts: readonly Call[]): Call[] {
  return [...new Map(nexts.map((next) => [JSON.stringify(next.call), next])).values()];
}

function spoken(nexts: readonly Next[]): string[] {
  return nexts.flatMap((next) => (next.type === "say" ? [next.text] : []));
}

function missingTool(name: string): string {
  const what: Record<string, string> = {
    [LIST]: "list the members",
    [GET]: "look up a member",
    [REMOVE]: "remove a member",
    [INVITE]: "invite a member",
    [WRITE]: "write files",
    [EDIT]: "change files",
    [READ]: "read files",
    [LIST_FILES]: "list your files",
  };
  return `I have no tool to ${what[name] ?? "do that"}: your account does not allow it, or the tool is not available now.`;
}

function say(text: string): Reply {
  return { blocks: [{ type: "text", text }] };
}

function helpText(request: MessagesRequest): string {
  const offered = new Set((request.tools ?? []).map((tool) => tool.name));
  const abilities: [string, string][] = [
    [LIST, "**List the members**"],
    [GET, "**Show member 3**, or by name"],
    [INVITE, "**Invite ada@example.org** – I will ask you before I do it"],
    [REMOVE, "**Remove Bruno Alves** – I will ask you before I do it"],
    [WRITE, "**Create a file notes/hello.txt with content Hello world** – I will ask you before I do it"],
    [LIST_FILES, "**List my files**"],
    [READ, "**Read the file notes/hello.txt**"],
    [EDIT, "**Replace world by Harbour in notes/hello.txt** – I will ask you before I do it"],
  ];
  const lines = abilities.flatMap(([tool, line]) => (offered.has(tool) ? [`- ${line}`] : []));
  return [
    "I am the scripted Claude of this demo: I follow a few rules and understand only these requests:",
    [
      ...lines,
      "- **Show me Markdown** – a long answer with a table, code and lists",
      "- **Fail with overloaded** – to see an error",
    ].join("\n"),
  ].join("\n\n");
}

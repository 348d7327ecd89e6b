import { type ListedMember, readMember, readMembers } from "./read-members.ts";
import type { FinishedCall } from "./read-turn.ts";

/** What came of a call, in words for the user. */
export function tellCall(call: FinishedCall): string {
  if (call.isError) return tellFailure(call.text);
  if (call.name === "workspace__list_files") return tellFiles(call.text);
  if (call.name === "workspace__read_file") return `This is what it says:\n\n${fenced(call.text)}`;
  const members = readMembers(call.text);
  if (members !== null) return tellMembers(members);
  const member = readMember(call.text);
  if (member === null) return `Done. ${call.text}`.trim();
  switch (call.name) {
    case "members__member_remove":
      return `Done: **${member.name}** (number ${member.id}) is no longer a member.`;
    case "members__member_invite":
      return `Done: **${member.name}** is invited and has number ${member.id}.`;
    default:
      return `**${member.name}** is number ${member.id}: ${member.email}, ${member.role}.`;
  }
}

/** One line for each, as the tool tells them. */
function tellFiles(text: string): string {
  const lines = text.split("\n");
  const isList = lines.every((line) => /\/$|\(\d+ bytes\)$|^\[/.test(line));
  return isList ? ["These are your files:", fenced(text)].join("\n\n") : text;
}

/** As it stands, whatever it holds: the fence is longer than any in it. */
function fenced(text: string): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${text.replace(/\n$/, "")}\n${fence}`;
}

function tellFailure(text: string): string {
  if (/\buser denied\b/i.test(text)) return "You decided against it, so I have left everything as it was.";
  if (/\bnot approved\b/i.test(text)) return "It was not approved, so I have left everything as it was.";
  return `That did not work. I was told: ${text}`;
}

function tellMembers(members: readonly ListedMember[]): string {
  if (members.length === 0) return "There are no members.";
  const rows = members.map(({ id, name, role, email }) => `| ${[id, name, role, email].map(cell).join(" | ")} |`);
  const count = members.length === 1 ? "There is 1 member" : `There are ${members.length} members`;
  return [`${count}:`, ["| No. | Name | Role | Email |", "| --: | :-- | :-- | :-- |", ...rows].join("\n")].join("\n\n");
}

function cell(value: string | number): string {
  return String(value).replace(/[|\\]/g, "\\$&").replace(/\s+/g, " ");
}

import { type CallToolResult, McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { type Member, memberSchema, ROLES } from "./member.ts";
import type { MemberStore } from "./member-store.ts";

const memberId = z.int().min(1).describe("Number of the member, as member_list tells it");
const oneMember = z.strictObject({ member: memberSchema });

/** The four tools of the members tool server. */
export function createMembersMcpServer(store: MemberStore): McpServer {
  const server = new McpServer({ name: "harbour-members", version: "1.0.0" });
  server.registerTool(
    "member_list",
    {
      title: "List members",
      description: "Lists the members of the club with number, name, email address, role and day of joining.",
      inputSchema: z.strictObject({
        role: z.enum(ROLES).optional().describe("Only members with this role"),
        search: z.string().min(1).max(100).optional().describe("Only members whose name or email address holds this"),
      }),
      outputSchema: z.strictObject({ members: z.array(memberSchema) }),
      annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    },
    (filter) => result({ members: store.list(filter) }),
  );
  server.registerTool(
    "member_get",
    {
      title: "Show a member",
      description: "Tells all about one member of the club.",
      inputSchema: z.strictObject({ member_id: memberId }),
      outputSchema: oneMember,
      annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    },
    ({ member_id: id }) => memberOr(store.get(id), nobody(id)),
  );
  server.registerTool(
    "member_invite",
    {
      title: "Invite a member",
      description: "Adds somebody to the club under their email address.",
      inputSchema: z.strictObject({
        email: z.email().max(200).describe("Email address of the new member"),
        name: z.string().trim().min(1).max(100).describe("Full name of the new member"),
        role: z.enum(ROLES).default("rower").describe("What the new member will do in the club"),
      }),
      outputSchema: oneMember,
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
    },
    ({ email, name, role }) => {
      const joined = new Date().toISOString().slice(0, 10);
      return memberOr(store.add({ email, name, role, joined }), `${email} belongs to a member already.`);
    },
  );
  server.registerTool(
    "member_remove",
    {
      title: "Remove a member",
      description: "Removes a member from the club for good. There is no way back.",
      inputSchema: z.strictObject({ member_id: memberId }),
      outputSchema: oneMember,
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
    },
    ({ member_id: id }) => memberOr(store.remove(id), nobody(id)),
  );
  return server;
}

function nobody(id: number): string {
  return `Nobody has the number ${id}.`;
}

function memberOr(member: Member | null, problem: string): CallToolResult {
  if (member !== null) return result({ member });
  return { content: [{ type: "text", text: problem }], isError: true };
}

/** The same twice, as the specification asks: structured, and as JSON text for clients that read only text. */
function result(structuredContent: Record<string, unknown>): CallToolResult {
  return { content: [{ type: "text", text: JSON.stringify(structuredContent) }], structuredContent };
}

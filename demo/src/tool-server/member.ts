import { z } from "zod";

/** What members do in the club. */
export const ROLES = ["rower", "cox", "coach", "boatman", "treasurer"] as const;

export type MemberRole = (typeof ROLES)[number];

export interface NewMember {
  name: string;
  email: string;
  role: MemberRole;
  /** Day of joining, `YYYY-MM-DD`. */
  joined: string;
}

export interface Member extends NewMember {
  id: number;
}

/** A member as it stands in the database and in results. */
export const memberSchema: z.ZodType<Member> = z.strictObject({
  id: z.int(),
  name: z.string(),
  email: z.string(),
  role: z.enum(ROLES),
  joined: z.string(),
});

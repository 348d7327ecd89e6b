import { z } from "zod";

const member = z.object({ id: z.int(), name: z.string(), email: z.string(), role: z.string() });
const list = z.object({ members: z.array(member) });

/** A member as the members tool server tells it. */
export interface ListedMember {
  id: number;
  name: string;
  email: string;
  role: string;
}

/** The members in the result of `member_list`; null when it holds something else. */
export function readMembers(resultText: string): ListedMember[] | null {
  const parsed = list.safeParse(parseJson(resultText));
  return parsed.success ? parsed.data.members : null;
}

/** The member in the result of `member_get` and its neighbours; null when it holds something else. */
export function readMember(resultText: string): ListedMember | null {
  const parsed = z.object({ member }).safeParse(parseJson(resultText));
  return parsed.success ? parsed.data.member : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

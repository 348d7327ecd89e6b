/** Somebody who may sign in to the host site. */
export interface Person {
  /** `sub` of the token. */
  id: string;
  name: string;
  role: "admin" | "member";
}

/** Organization that both belong to; `org` of the token. */
export const CLUB_ID = "harbour-rowing-club";

export const PEOPLE: readonly Person[] = [
  { id: "amara.okafor", name: "Amara Okafor", role: "admin" },
  { id: "bruno.alves", name: "Bruno Alves", role: "member" },
];

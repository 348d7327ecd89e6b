/** A page, and the pages that show it in frames. */
export interface FramedPage {
  origin: string;
  /** Origins of the pages around it, from the parent to the top; null where the browser does not tell. */
  around: readonly string[] | null;
}

/**
 * Whether approvals may be given on a page: it stands by itself, or every page around it is of the same origin or
 * listed. A page that frames this one can lay it under its own and lead clicks astray.
 *
 * @param listed Origins, separated by blanks; null: none.
 */
export function mayApprove({ origin, around }: FramedPage, listed: string | null): boolean {
  const allowed = new Set([origin, ...(listed ?? "").split(/\s+/).map(originOf)]);
  // Pages without an origin say "null", whoever they are.
  return around?.every((each) => each !== "null" && allowed.has(each)) ?? false;
}

/** The page of a window. */
export function framedPage(page: Window): FramedPage {
  const told: unknown = Reflect.get(page.location, "ancestorOrigins");
  return { origin: page.origin, around: told instanceof Object ? listOf(told) : originsInReach(page) };
}

/** Browsers that tell nothing let pages of the same origin look at each other. */
function originsInReach(page: Window): string[] | null {
  const origins: string[] = [];
  try {
    for (let current = page; current.parent !== current; current = current.parent) {
      origins.push(current.parent.location.origin);
    }
  } catch {
    return null;
  }
  return origins;
}

function listOf(list: object): string[] {
  return Array.from({ length: Number(Reflect.get(list, "length")) }, (_, index) => String(Reflect.get(list, index)));
}

function originOf(address: string): string {
  return URL.canParse(address) ? new URL(address).origin : "null";
}

const NAME_LIMIT = 64;

/** What the model calls a server's tool; null when that would be too long for the Messages API. */
export function toolName(server: string, tool: string): string | null {
  const name = `${server}__${tool}`.replaceAll(/[^A-Za-z0-9_-]/gu, "_");
  return name.length <= NAME_LIMIT ? name : null;
}

/**
 * Servers whose tools could pass for another's, whichever of them answers first: `a` and `a__b`, or two names that
 * become the same. Decided from the configuration alone, so that it does not change with who is up.
 */
export function ambiguousServers(servers: readonly string[], reserved: readonly string[]): ReadonlyMap<string, string> {
  const refused = new Map<string, string>();
  for (const server of servers) {
    const rival = [...servers, ...reserved].find(
      (other) => other !== server && overlaps(prefixOf(server), prefixOf(other)),
    );
    if (reserved.includes(server)) refused.set(server, "the name is reserved");
    else if (rival !== undefined) refused.set(server, `its tools could be taken for those of ${rival}`);
  }
  return refused;
}

/** The names that collide with, or read like, another one of the list. All of them are refused: no one wins. */
export function confusableNames(names: readonly string[]): ReadonlySet<string> {
  const byAppearance = new Map<string, string[]>();
  for (const name of names) {
    const appearance = appearanceOf(name);
    byAppearance.set(appearance, [...(byAppearance.get(appearance) ?? []), name]);
  }
  return new Set([...byAppearance.values()].filter((alike) => alike.length > 1).flat());
}

function prefixOf(server: string): string {
  return `${appearanceOf(server.replaceAll(/[^A-Za-z0-9_-]/gu, "_"))}__`;
}

function overlaps(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}

/** Letters that a person takes for one another become one: case, dash and underscore, `1Il`, `0O`, `rn` and `m`. */
function appearanceOf(name: string): string {
  return name.toLowerCase().replaceAll("-", "_").replaceAll(/[1i]/g, "l").replaceAll("0", "o").replaceAll("rn", "m");
}

/** Variables that are set to something, by name. */
export type Environment = ReadonlyMap<string, string>;

/** The environment without its empty variables: `PORT=` is the same as no `PORT` at all. */
export function setVariables(env: Readonly<Record<string, string | undefined>>): Environment {
  return new Map(
    Object.entries(env).flatMap(([name, value]) => (value === undefined || value.trim() === "" ? [] : [[name, value]])),
  );
}

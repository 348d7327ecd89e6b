interface LockedPackage {
  link?: boolean;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

/** What the packages of a lock file (its `packages`, by path) need and the lock does not hold, one sentence each. */
export function unresolvedEdges(packages: Record<string, LockedPackage>): string[] {
  return Object.entries(packages).flatMap(([path, locked]) =>
    neededBy(locked)
      .filter((name) => !isHeld(packages, path, name))
      .map((name) => `${path === "" ? "The root" : path} needs ${name}, which the lock file does not hold.`),
  );
}

function neededBy(locked: LockedPackage): string[] {
  const peers = Object.keys(locked.peerDependencies ?? {}).filter(
    (name) => locked.peerDependenciesMeta?.[name]?.optional !== true,
  );
  const { dependencies, devDependencies, optionalDependencies } = locked;
  return [...Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }), ...peers];
}

/** Looks where Node would: beside the package, then in each folder above it. */
function isHeld(packages: Record<string, LockedPackage>, path: string, name: string): boolean {
  const folders = path.split("/").map((_, index, parts) => parts.slice(0, parts.length - index).join("/"));
  return [...folders, ""].some((folder) =>
    Object.hasOwn(packages, `${folder}/node_modules/${name}`.replace(/^\//, "")),
  );
}

// Fails when package-lock.json refers to a package it does not hold. npm writes such a lock without a word when a
// platform's binary is missing where it installs from; `npm ci` then fails, perhaps only on somebody else's machine.

import { readFileSync } from "node:fs";
import { unresolvedEdges } from "./unresolved-edges.ts";

const { packages } = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8"));
const unresolved = unresolvedEdges(packages);
for (const edge of unresolved) console.error(edge);
if (unresolved.length > 0) process.exit(1);

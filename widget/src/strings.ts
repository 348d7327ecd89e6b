export type { Strings } from "./strings/strings.ts";

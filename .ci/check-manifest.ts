// Fails when the widget's manifest lacks a name that the contract promises.

import { readFileSync } from "node:fs";
import { brokenPromises } from "./promised-element.ts";

const widget = new URL("../widget/", import.meta.url);
const { customElements } = JSON.parse(readFileSync(new URL("package.json", widget), "utf8"));
if (typeof customElements !== "string") throw new Error('widget/package.json names no manifest in "customElements".');
const broken = brokenPromises(JSON.parse(readFileSync(new URL(customElements, widget), "utf8")));
for (const sentence of broken) console.error(sentence);
if (broken.length > 0) process.exitCode = 1;

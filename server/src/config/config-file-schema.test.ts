import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { configFileJsonSchema } from "./config-file-schema.ts";

it("The published JSON Schema is the current one (else: npm run schema -w server)", () => {
  const published = readFileSync(new URL("../../chatbot.config.schema.json", import.meta.url), "utf8");
  expect(JSON.parse(published)).toEqual(configFileJsonSchema());
});

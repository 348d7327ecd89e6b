// Writes the JSON Schema of chatbot.config.json after a change of the schema it is made of.
import { writeFileSync } from "node:fs";
import { configFileJsonSchema } from "../src/config/config-file-schema.ts";

const path = new URL("../chatbot.config.schema.json", import.meta.url);
writeFileSync(path, `${JSON.stringify(configFileJsonSchema(), null, 2)}\n`);

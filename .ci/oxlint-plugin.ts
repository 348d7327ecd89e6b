// The import rules as a plugin of the linter, so that editors show them where they are broken.

import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { importProblem } from "./import-rules.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

interface ImportNode {
  source: { value?: unknown } | null;
  importKind?: "type" | "value";
  exportKind?: "type" | "value";
}

interface RuleContext {
  filename: string;
  report(problem: { node: unknown; message: string }): void;
}

interface Plugin {
  meta: { name: string };
  rules: Record<string, { create(context: RuleContext): Record<string, (node: ImportNode) => void> }>;
}

const imports: Plugin["rules"][string] = {
  create(context) {
    const file = relative(ROOT, context.filename).split(sep).join("/");
    const check = (node: ImportNode): void => {
      const specifier = node.source?.value;
      if (typeof specifier !== "string") return;
      const isTypeOnly = node.importKind === "type" || node.exportKind === "type";
      const message = importProblem({ file, specifier, isTypeOnly });
      if (message !== undefined) context.report({ node: node.source, message });
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
      TSImportType: (node) => check({ ...node, importKind: "type" }),
    };
  },
};

const plugin: Plugin = { meta: { name: "chat-bot" }, rules: { imports } };

export default plugin;

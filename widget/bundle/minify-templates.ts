/** The blanks that indent Lit's templates are of no use to browsers. */
import type { Plugin } from "rollup";

interface SyntaxNode {
  type: string;
  start: number;
  end: number;
}

interface Template extends SyntaxNode {
  tag: SyntaxNode & { name?: string };
  quasi: { quasis: SyntaxNode[] };
}

/** Comes after the plugin that makes JavaScript of TypeScript. */
export function minifyTemplates(): Plugin {
  return {
    name: "minify-templates",
    transform(code, id) {
      if (!id.includes("/src/views/") || !code.includes("html`")) return null;
      const texts = templatesIn(this.parse(code)).flatMap(({ quasi }) => quasi.quasis);
      let minified = "";
      let end = 0;
      for (const text of texts.toSorted((one, other) => one.start - other.start)) {
        minified += code.slice(end, text.start) + minifyHtml(code.slice(text.start, text.end));
        end = text.end;
      }
      return { code: minified + code.slice(end), map: null };
    },
  };
}

/** A line break with what indents the next line is one blank; between two tags, and around a whole attribute, it is none. */
export function minifyHtml(html: string): string {
  return html
    .replace(/\s*\n\s*/g, "\n")
    .replace(/>\n</g, "><")
    .replace(/\n>/g, ">")
    .replaceAll("\n", " ");
}

function templatesIn(node: unknown): Template[] {
  if (Array.isArray(node)) return node.flatMap(templatesIn);
  if (typeof node !== "object" || node === null) return [];
  const inside = Object.values(node).flatMap(templatesIn);
  return isTemplate(node) ? [node, ...inside] : inside;
}

function isTemplate(node: object): node is Template {
  if (!("type" in node) || node.type !== "TaggedTemplateExpression" || !("tag" in node)) return false;
  const { tag } = node;
  return typeof tag === "object" && tag !== null && "name" in tag && tag.name === "html";
}

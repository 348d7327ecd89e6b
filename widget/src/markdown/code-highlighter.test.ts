import { expect, nextFrame, waitUntil } from "@open-wc/testing";
import { panelStyles } from "../views/panel.styles.ts";
import { highlight } from "./code-highlighter.ts";
import { MarkdownDocument } from "./markdown-document.ts";

const texts = { copyCode: "Copy code", codeCopied: "Copied" };
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is code in a language of its own.
const CODE = 'const a = "b"; // c\nfunction d(e) {\n  return `${e + 1}\n`;\n}';
const FENCED = `\`\`\`js\n${CODE}\n\`\`\`\n\n`;

/** Shows Markdown where it is seen, in a shadow root as the panel has one. */
function show(markdown: string, isComplete = true): { root: ShadowRoot; shown: MarkdownDocument } {
  const host = document.createElement("div");
  document.body.prepend(host);
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = panelStyles();
  const target = document.createElement("div");
  target.className = "markdown";
  root.append(target);
  const shown = new MarkdownDocument(target, texts);
  shown.update(markdown, isComplete);
  return { root, shown };
}

async function coloured(root: ShadowRoot): Promise<HTMLElement> {
  await waitUntil(() => root.querySelector(".code-keyword") !== null, "no colours came", { timeout: 20_000 });
  const code = root.querySelector("code");
  if (code === null) throw new Error("There is no code.");
  return code;
}

describe("Code in an answer", function () {
  this.timeout(30_000);

  afterEach(() => {
    for (const host of document.querySelectorAll("body > div")) if (host.shadowRoot !== null) host.remove();
  });

  it("is coloured when it is complete, and stays the same text", async () => {
    const { root } = show(FENCED);
    const code = await coloured(root);
    expect(code.textContent).to.equal(CODE);
    expect(root.querySelector(".code-string")?.textContent).to.equal('"b"');
    expect(root.querySelector(".code-comment")?.textContent).to.equal("// c");
  });

  it("is not coloured while it is being written", async () => {
    const { root, shown } = show("```js\nconst a", false);
    show(FENCED);
    const [other] = [...document.querySelectorAll("body > div")]
      .map((host) => host.shadowRoot)
      .filter((one) => one !== null);
    if (other === undefined) throw new Error("There is no other.");
    await coloured(other);
    expect(root.querySelector(".code-keyword")).to.equal(null);
    shown.update("```js\nconst a = 1;\n```\n\nend", true);
    expect((await coloured(root)).textContent).to.equal("const a = 1;");
  });

  it("is coloured line block by line block when it is long", async () => {
    const long = `/* ${"line of a comment\n".repeat(500)} */\nconst end = 1;`;
    const { root } = show(`\`\`\`js\n${long}\n\`\`\``);
    const code = await coloured(root);
    expect(code.textContent).to.equal(long);
    expect(code.children.length).to.be.greaterThan(2);
    expect(code.children[1]?.querySelector(".code-comment")).not.to.equal(null);
  });

  it("keeps its selection: colours wait until it is gone", async () => {
    const { root } = show(FENCED);
    const text = root.querySelector("code .lines")?.firstChild;
    if (!(text instanceof Text)) throw new Error("There is no text.");
    getSelection()?.setBaseAndExtent(text, 6, text, 13);
    const { root: other } = show(FENCED.replace("a =", "b ="));
    await coloured(other);
    expect(root.querySelector(".code-keyword")).to.equal(null);
    expect(root.querySelector("code .lines")?.firstChild).to.equal(text);
    getSelection()?.removeAllRanges();
    await coloured(root);
  });

  for (const scheme of ["light", "dark"]) {
    it(`has a contrast of at least 4.5 in each colour, in the ${scheme} scheme`, async () => {
      const { root } = show(FENCED);
      await coloured(root);
      const block = root.querySelector<HTMLElement>(".code-block");
      if (block === null || !(root.host instanceof HTMLElement)) throw new Error("There is no block.");
      root.host.style.colorScheme = scheme;
      const surface = scheme === "light" ? "#f5f5f8" : "#232329";
      const names = ["keyword", "string", "literal", "name", "title", "comment"];
      for (const name of names) {
        const sample = document.createElement("span");
        sample.className = `code-${name}`;
        block.append(sample);
        const contrast = contrastOf(getComputedStyle(sample).color, surface);
        expect(contrast, name).to.be.at.least(4.5);
      }
    });
  }

  it("stays plain in languages unknown, and adds up to itself in those known", () => {
    expect(highlight("a", "no-such-language")).to.equal(null);
    expect(highlight("a", "__proto__")).to.equal(null);
    for (const language of ["js", "ts", "python", "html", "css", "json", "bash", "sql", "yaml", "diff", "rust", "go"]) {
      const runs = highlight(`${CODE}\n<a b="c">&amp;</a>\n# d\n+e\n-f`, language);
      expect(runs?.map(({ text }) => text).join("")).to.equal(`${CODE}\n<a b="c">&amp;</a>\n# d\n+e\n-f`);
    }
  });
});

describe("A box that scrolls", () => {
  it("is reached by keyboard as long as its content is larger than itself", async () => {
    const wide = "word".repeat(200);
    const { root, shown } = show("```js\nshort\n```\n\n|a|\n|-|\n|b|\n\n", false);
    await nextFrame();
    await nextFrame();
    const [code, table] = root.querySelectorAll<HTMLElement>("pre, .table-scroller");
    expect([code?.tabIndex, table?.tabIndex]).to.deep.equal([-1, -1]);
    shown.update(
      `\`\`\`js\nshort\n\`\`\`\n\n|a|\n|-|\n|b|\n\n\`\`\`js\n${wide}\n\`\`\`\n\n|${"a|".repeat(60)}\n|${"-|".repeat(60)}\n`,
      true,
    );
    await waitUntil(
      () =>
        [...root.querySelectorAll("pre, .table-scroller")].filter((box) => box.hasAttribute("tabindex")).length === 2,
    );
    expect(code?.hasAttribute("tabindex")).to.equal(false);
  });
});

/** By the formula of WCAG 2. */
function contrastOf(foreground: string, background: string): number {
  const [one, other] = [luminance(foreground), luminance(background)];
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

function luminance(color: string): number {
  const canvas = document.createElement("canvas").getContext("2d");
  if (canvas === null) throw new Error("There is no canvas.");
  canvas.fillStyle = color;
  canvas.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = [...canvas.getImageData(0, 0, 1, 1).data].map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

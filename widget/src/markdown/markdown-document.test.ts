import { expect, nextFrame } from "@open-wc/testing";
import { MarkdownDocument } from "./markdown-document.ts";

const texts = { copyCode: "Copy code", codeCopied: "Copied" };

/** Shows the text as it streams, letter by letter, and calls back after each. */
function stream(text: string, afterEach: (root: HTMLElement) => void = () => {}): HTMLElement {
  const root = document.createElement("div");
  document.body.append(root);
  const shown = new MarkdownDocument(root, texts);
  for (let end = 1; end <= text.length; end += 1) {
    shown.update(text.slice(0, end), false);
    afterEach(root);
  }
  shown.update(text, true);
  afterEach(root);
  root.remove();
  return root;
}

function render(text: string): HTMLElement {
  const root = document.createElement("div");
  new MarkdownDocument(root, texts).update(text, true);
  return root;
}

describe("MarkdownDocument", () => {
  const rendered: [title: string, markdown: string, selector: string, text: string][] = [
    ["a heading below the panel's", "# Title", "h2", "Title"],
    ["a paragraph", "Hello", "p", "Hello"],
    ["strong text", "a **b** c", "p strong", "b"],
    ["emphasis", "a *b* c", "p em", "b"],
    ["deleted text", "a ~~b~~ c", "p del", "b"],
    ["inline code as it is", "`<b> &amp;`", "p > code", "<b> &amp;"],
    ["a fenced block of code", "```ts\nlet a = 1;\n```", "figure pre code", "let a = 1;"],
    ["the language of a block of code", "```ts\nlet a = 1;\n```", "figcaption span", "ts"],
    ["a nested list", "- a\n  - b", "ul ul li", "b"],
    ["an ordered list", "1. a\n2. b", "ol li:nth-child(2)", "b"],
    ["a task", "- [x] done", "li.task .checkbox.is-checked", ""],
    ["a table in a box that scrolls", "|a|b|\n|-|-:|\n|1|2|", ".table-scroller td.align-right", "2"],
    ["a quotation", "> a", "blockquote p", "a"],
    ["a rule", "a\n\n---\n\nb", "hr", ""],
    ["a link", "[example.com](https://example.com/a)", 'a[href="https://example.com/a"]', "example.com"],
    ["a bare address", "see https://example.com/a", "a", "https://example.com/a"],
    ["a mail address", "<a@example.com>", 'a[href="mailto:a@example.com"]', "a@example.com"],
    [
      "a link by reference",
      "[see][1]\n\n[1]: https://example.com",
      'a[href="https://example.com/"]',
      "see (example.com)",
    ],
    ["the text of an image", "![a cat](https://evil.example/p.png)", "p", "a cat"],
    ["named characters", "a &lt; b &amp; c", "p", "a < b & c"],
    ["HTML as text", "<b>x</b>", "p", "<b>x</b>"],
  ];
  for (const [title, markdown, selector, text] of rendered) {
    it(`shows ${title}`, () => {
      expect(render(markdown).querySelector(selector)?.textContent).to.equal(text);
    });
    it(`shows ${title} alike when it streams`, () => {
      expect(stream(markdown).innerHTML).to.equal(render(markdown).innerHTML);
    });
  }

  it("starts an ordered list where it starts", () => {
    expect(render("3. a\n4. b").querySelector("ol")?.start).to.equal(3);
  });

  it("keeps the DOM of blocks that are complete", () => {
    const root = document.createElement("div");
    const shown = new MarkdownDocument(root, texts);
    shown.update("# One\n\nTwo\n\nThr", false);
    const [heading, paragraph] = root.querySelectorAll("h2, p");
    shown.update("# One\n\nTwo\n\nThree\n\nFour", false);
    const blocks = [...root.querySelectorAll("h2, p")];
    expect(blocks.slice(0, 2)).to.deep.equal([heading, paragraph]);
    expect(blocks.length).to.equal(4);
  });

  const kept: [title: string, before: string, after: string, selector: string, count: number][] = [
    ["blocks", "# a\n\nb\n\n- c\n\n> d\n\nend", "\n\nmore\n\n", "h2, p, ul, blockquote", 6],
    ["items of a list", "- a\n- b\n- c\n- d", "\n- e\n- f", "li", 4],
    ["rows of a table", "|a|\n|-|\n|1|\n|2|\n|3|", "|\n|4|\n|5|", "tr", 4],
    ["code being written", "```js\nlet a;\nlet b", " = 1;\nlet c;\n```\n\nend", "figure, code, code *", 3],
    ["words of a paragraph", "one **two** three `four` fi", "ve *six* seven", "p, strong, code", 3],
    ["blocks before one with a late definition", "# a\n\nb\n\nc [d]\n\n", "[d]: https://example.com\n", "h2, p", 3],
    ["items before the list becomes loose", "- a\n- b\n- c\n", "\n- d\n", "li", 3],
  ];
  for (const [title, before, after, selector, count] of kept) {
    it(`keeps the elements of ${title}, and the texts in them`, () => {
      const root = document.createElement("div");
      const shown = new MarkdownDocument(root, texts);
      shown.update(before, false);
      const elements = [...root.querySelectorAll(selector)];
      expect(elements.length).to.equal(count);
      for (let end = 1; end <= after.length; end += 1) shown.update(before + after.slice(0, end), false);
      shown.update(before + after, true);
      expect([...root.querySelectorAll(selector)].slice(0, count)).to.deep.equal(elements);
      expect(root.innerHTML).to.equal(render(before + after).innerHTML);
    });
  }

  it("does not touch what is complete", async () => {
    const root = document.createElement("div");
    const shown = new MarkdownDocument(root, texts);
    const start = "# a\n\nb **c**\n\n- d\n- e\n- f\n\n|g|\n|-|\n|1|\n\n```js\nh\n```\n\n";
    shown.update(`${start}open`, false);
    const changed: Node[] = [];
    const open = root.querySelector("p:last-of-type");
    const observer = new MutationObserver((records) => changed.push(...records.map(({ target }) => target)));
    observer.observe(root, { childList: true, characterData: true, attributes: true, subtree: true });
    for (const text of ["open end", "open end *of* it", "open end *of* it\n\nnext"]) shown.update(start + text, false);
    await nextFrame();
    observer.disconnect();
    expect(changed.length).to.be.greaterThan(2);
    expect(changed.every((node) => node.contains(open) || open?.contains(node) === true)).to.equal(true);
  });

  it("begins anew when the text is another one", () => {
    const root = document.createElement("div");
    const shown = new MarkdownDocument(root, texts);
    shown.update("One\n\nTwo\n\nThree", false);
    shown.update("Four", true);
    expect(root.textContent).to.equal("Four");
  });

  it("gives a label its address when the definition comes later", () => {
    expect(
      stream("See [the guide] here.\n\nMore.\n\n[the guide]: https://example.com/guide\n").querySelector("a")?.href,
    ).to.equal("https://example.com/guide");
  });

  it("shows allowed HTML as such once the sanitiser is there", async () => {
    const root = render(
      "Press <kbd>K</kbd> and H<sub>2</sub>O<br>\n\n<details><summary>More</summary>hidden</details>",
    );
    document.body.append(root);
    await waitFor(() => root.querySelector("details summary") !== null);
    expect(root.querySelector("kbd")?.textContent).to.equal("K");
    expect(root.querySelector("sub")?.textContent).to.equal("2");
    expect(root.querySelector("br")).not.to.equal(null);
    root.remove();
  });

  const doubtful: [title: string, markdown: string, isDoubtful: boolean][] = [
    ["names its host", "[example.com](https://example.com/)", false],
    ["names no host", "[here](https://example.com/)", false],
    ["names another host", "[paypal.com](https://evil.example/)", true],
    ["names another host with a path", "[https://paypal.com/login](https://evil.example/)", true],
    ["carries a long query", `[here](https://example.com/?q=${"a".repeat(200)})`, true],
    ["carries a user name", "[here](https://paypal.com@evil.example/)", true],
    ["names another host with other dots", "[paypal。com](https://evil.example/)", true],
    ["names another host in full-width letters", "[ｐａｙｐａｌ.com](https://evil.example/)", true],
    ["names another host as a user name", "[paypal.com@evil.example](https://evil.example/)", true],
    ["names a host in look-alike letters", "[раураl.com](https://раураl.com/)", true],
    ["runs backwards", "[\u202emoc.lapyap](https://evil.example/)", true],
    ["holds characters nobody sees", "[pay\u200bpal.com](https://evil.example/)", true],
  ];
  for (const [title, markdown, isDoubtful] of doubtful) {
    it(`${isDoubtful ? "doubts" : "trusts"} a link whose label ${title}`, () => {
      expect("doubtful" in (render(markdown).querySelector("a")?.dataset ?? {})).to.equal(isDoubtful);
    });
  }

  it("tells the real host where the label hides it", () => {
    expect(render("[here](https://evil.example/x)").querySelector(".link-host")?.textContent).to.equal(
      " (evil.example)",
    );
  });
});

describe("MarkdownDocument, with text beyond all measure,", () => {
  const deep: [title: string, markdown: string][] = [
    ["nested lists on one line", "- ".repeat(1_500)],
    ["nested quotations", "> ".repeat(2_500)],
    ["brackets", "[".repeat(5_000)],
  ];
  for (const [title, markdown] of deep) {
    it(`shows ${title} as text`, () => {
      const root = render(markdown);
      expect(root.textContent).to.equal(markdown);
      expect(root.querySelector(".plain-text")).not.to.equal(null);
    });
  }

  it("shows as text what is nested deeper than forty levels, from there on", () => {
    const steps = Array.from({ length: 200 }, (_, level) => `${"  ".repeat(level)}- x`);
    const root = render(steps.join("\n"));
    expect(root.querySelectorAll("ul").length).to.equal(40);
    expect(root.querySelector(".plain-text")?.textContent).to.equal(steps.slice(40).join("\n"));
  });

  it("shows as text what goes beyond 200,000 characters, streamed or not", () => {
    const message = `${"word **word**\n\n".repeat(14_000)}**end**`;
    const root = render(message);
    const text = root.querySelector(".plain-text")?.textContent ?? "";
    expect(text).to.equal(message.slice(200_000));
    const streamed = document.createElement("div");
    const shown = new MarkdownDocument(streamed, texts);
    for (let end = 10_007; end < message.length; end += 10_007) shown.update(message.slice(0, end), false);
    shown.update(message, true);
    expect(streamed.innerHTML === root.innerHTML).to.equal(true);
  });

  it("shows a paragraph without end as it grows, and all of it at its end", () => {
    const paragraph = "some *words* of `many`, ".repeat(2_500);
    const root = document.createElement("div");
    const shown = new MarkdownDocument(root, texts);
    for (let end = 500; end < paragraph.length; end += 500) {
      shown.update(paragraph.slice(0, end), false);
      expect(root.textContent?.length).to.be.greaterThan(end * 0.75);
    }
    shown.update(paragraph, true);
    expect(root.innerHTML === render(paragraph).innerHTML).to.equal(true);
  });

  const busy: [title: string, markdown: string][] = [
    ["asterisks", "*a ".repeat(20_000)],
    ["underscores", "_a ".repeat(20_000)],
    ["backticks", "`a ``b ".repeat(5_000)],
    ["closed brackets", "[a](".repeat(30).repeat(100)],
    ["angle brackets", "<a ".repeat(10_000)],
    ["a table", `|a|b|\n|-|-|\n${"|x|y|\n".repeat(3_000)}`],
    [
      "definitions",
      `${Array.from({ length: 2_000 }, (_, index) => `[l${index}]: https://example.com/${index}`).join("\n")}\n\n${"[l7] ".repeat(400)}`,
    ],
  ];
  for (const [title, markdown] of busy) {
    it(`is done in time with thousands of ${title}`, () => {
      expect(render(markdown).textContent?.length).to.be.greaterThan(1_000);
    }).timeout(5_000);
  }
});

async function waitFor(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await nextFrame();
}

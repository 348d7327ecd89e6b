/** Texts of a code block's button. */
export interface CodeBlockTexts {
  copyCode: string;
  codeCopied: string;
}

const COPIED_MS = 2000;

/** A block of code: its language, a button that copies it, and the code. */
export function renderCodeBlock(code: string, info: string, texts: CodeBlockTexts): HTMLElement {
  const figure = document.createElement("figure");
  figure.className = "code-block";
  figure.setAttribute("part", "code-block");
  const language = document.createElement("span");
  language.textContent = /^[\w+#.-]{1,30}/.exec(info)?.[0] ?? "";
  const content = document.createElement("code");
  content.append(code);
  const pre = document.createElement("pre");
  // A box that scrolls must be reachable by keyboard.
  pre.tabIndex = 0;
  pre.append(content);
  const head = document.createElement("figcaption");
  head.append(
    language,
    copyButton(() => content.textContent ?? "", texts),
  );
  figure.append(head, pre);
  return figure;
}

/** Shows more code in the same block. False when it is not the same block grown. */
export function growCodeBlock(block: Node, code: string, info: string): boolean {
  if (!(block instanceof HTMLElement) || !block.classList.contains("code-block")) return false;
  const text = block.querySelector("code")?.firstChild;
  const language = block.querySelector("span")?.textContent ?? "";
  if (!(text instanceof Text) || !code.startsWith(text.data) || !info.startsWith(language)) return false;
  if (language === "" && info !== "") return false;
  if (code.length > text.length) text.appendData(code.slice(text.length));
  return true;
}

function copyButton(code: () => string, texts: CodeBlockTexts): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = texts.copyCode;
  button.addEventListener("click", () => {
    void navigator.clipboard?.writeText(code()).then(
      () => {
        button.textContent = texts.codeCopied;
        setTimeout(() => {
          button.textContent = texts.copyCode;
        }, COPIED_MS);
      },
      () => {},
    );
  });
  return button;
}

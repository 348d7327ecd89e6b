/** What the assistant writes. Contained, so that nothing it writes reaches beyond its message. */
export const markdownStyles = `
  .markdown { display: block; contain: content; min-inline-size: 0; overflow-wrap: anywhere; unicode-bidi: isolate; }
  .markdown:empty { display: none; }
  @supports (overflow-anchor: auto) {
    .section { content-visibility: auto; contain-intrinsic-block-size: auto 30em; }
  }
  .section + .section, .section > * + * { margin-block-start: 0.75em; }
  .markdown h2, .markdown h3, .markdown h4, .markdown h5, .markdown h6 { margin: 0; font-weight: 650; letter-spacing: -0.01em; line-height: 1.35; }
  .markdown * + h2, .markdown * + h3, .markdown * + h4, .markdown * + h5, .markdown * + h6 { margin-block-start: 1.15em; }
  .markdown h2 { font-size: 1.25em; }
  .markdown h3 { font-size: 1.15em; }
  .markdown h4 { font-size: 1.05em; }
  .markdown h5, .markdown h6 { font-size: 1em; }
  .markdown strong { font-weight: 650; }
  .markdown a { color: var(--accent-text); text-decoration: underline; text-decoration-thickness: 1px; text-underline-offset: 3px; }
  .markdown a:hover { text-decoration-thickness: 2px; }
  .link-host { color: var(--muted); font-size: 0.9em; unicode-bidi: isolate; }
  .markdown ul, .markdown ol { padding-inline-start: 1.5em; }
  .markdown li + li { margin-block-start: 0.25em; }
  .markdown li > ul, .markdown li > ol, .markdown li > p + p { margin-block-start: 0.25em; }
  .markdown li > p + *, .markdown li > * + .code-block { margin-block-start: 0.5em; }
  .markdown li::marker { color: var(--muted); }
  .markdown li.task { list-style: none; }
  .checkbox {
    display: inline-block;
    inline-size: 15px;
    block-size: 15px;
    margin-inline: -1.45em 0.45em;
    border: 1.5px solid var(--muted);
    border-radius: 4px;
    vertical-align: -2px;
  }
  .checkbox.is-checked { position: relative; border-color: var(--accent-text); background: var(--accent-text); }
  .checkbox.is-checked::after {
    content: "";
    position: absolute;
    inset-block-start: 1px;
    inset-inline: 0;
    inline-size: 5px;
    block-size: 8px;
    margin-inline: auto;
    direction: ltr;
    border-block-end: 2px solid var(--background);
    border-inline-end: 2px solid var(--background);
    rotate: 45deg;
  }
  .markdown blockquote { padding-inline-start: 14px; border-inline-start: 3px solid var(--border); color: var(--muted); }
  .markdown blockquote > * + * { margin-block-start: 0.5em; }
  .markdown hr { block-size: 1px; margin-block: 1.2em; border: 0; background: var(--border); }
  .markdown code, .markdown kbd { font-family: var(--code-font); font-size: var(--code-font-size); }
  .markdown code:not(pre *) { padding: 0.15em 0.38em; border-radius: 6px; background: var(--surface); box-decoration-break: clone; -webkit-box-decoration-break: clone; }
  .markdown kbd { padding: 0.1em 0.4em; border: 1px solid var(--border); border-block-end-width: 2px; border-radius: 5px; background: var(--surface); }
  .markdown mark { border-radius: 3px; background: light-dark(#fff0a8, #5c4b00); color: inherit; }
  .markdown summary { cursor: pointer; }
  .plain-text { white-space: pre-wrap; }
  .code-block { overflow: hidden; border: 1px solid var(--border); border-radius: var(--card-radius); background: var(--code-background); }
  .code-block figcaption { display: flex; align-items: center; justify-content: space-between; min-block-size: 34px; padding-inline: 14px 6px; color: var(--muted); font-size: 0.8em; }
  .code-block button { min-block-size: 26px; padding: 2px 8px; border: 0; border-radius: 7px; background: none; cursor: pointer; }
  .code-block button:hover { background: var(--hover); color: var(--text); }
  .code-block pre { overflow: auto; max-block-size: 420px; padding: 4px 14px 13px; line-height: 1.5; overflow-wrap: normal; direction: ltr; text-align: start; tab-size: 2; scrollbar-width: thin; }
  .code-block pre:focus-visible { outline-offset: -2px; border-radius: 12px; }
  /* A box of its own, at least as wide as its lines: only such tell their size. */
  .code-block code { display: block; inline-size: max-content; min-inline-size: 100%; font-family: var(--code-font); font-size: var(--code-font-size); white-space: pre; }
  .table-scroller { overflow: auto; border: 1px solid var(--border); border-radius: var(--card-radius); scrollbar-width: thin; }
  .table-scroller:focus-visible { outline-offset: -2px; }
  .markdown table { border-collapse: collapse; inline-size: max-content; min-inline-size: 100%; font-size: 0.92em; overflow-wrap: normal; }
  .markdown th, .markdown td { padding: 8px 12px; border-block-end: 1px solid var(--border); text-align: start; vertical-align: top; }
  .markdown td { max-inline-size: 280px; overflow-wrap: break-word; }
  .markdown tbody tr:last-child td { border-block-end: 0; }
  .markdown th { background: var(--surface); font-weight: 600; white-space: nowrap; }
  .markdown .align-center { text-align: center; }
  .markdown .align-right { text-align: end; }
`;

/** What goes into a tool: fields, a file with its lines, changes, JSON. */
export const toolInputStyles = `
  .fields { display: grid; grid-template-columns: minmax(64px, auto) 1fr; gap: 1px; overflow: hidden; margin: 0; border: 1px solid var(--border); border-radius: 10px; background: var(--border); font-size: 0.92em; }
  .fields dt, .fields dd { padding: 7px 11px; background: var(--background); overflow-wrap: anywhere; unicode-bidi: isolate; }
  .fields dt { max-inline-size: 140px; background: var(--surface); color: var(--muted); }
  .fields dd { white-space: pre-wrap; }
  .fields dd:not(.string) { font-family: var(--code-font); }
  .no-input { color: var(--muted); font-size: 0.92em; }
  .exact summary { display: flex; align-items: center; gap: 4px; inline-size: max-content; max-inline-size: 100%; min-block-size: 26px; padding-inline-end: 6px; border-radius: 6px; color: var(--muted); font-size: 0.867em; font-weight: 600; list-style: none; cursor: pointer; }
  .exact summary::-webkit-details-marker { display: none; }
  .exact summary .icon { inline-size: 16px; block-size: 16px; transition: rotate 0.2s; }
  .exact:not([open]) summary .icon { rotate: -90deg; }
  .exact:not([open]) summary .icon:dir(rtl) { rotate: 90deg; }
  .exact pre { margin-block-start: 4px; }
  .dialog .exact pre { max-block-size: none; }

  .file { overflow: clip; margin: 0; border: 1px solid var(--border); border-radius: 10px; font-size: 0.92em; }
  .file figcaption { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 8px; padding: 7px 11px; border-block-end: 1px solid var(--border); background: var(--surface); color: var(--muted); }
  .file-label { font-weight: 600; }
  .file-note { padding: 1px 8px; border-radius: 9px; font-size: 0.9em; font-weight: 600; }
  .file-note.is-new { background: color-mix(in srgb, var(--success) 8%, var(--background)); color: var(--success); }
  .file-note.is-replacing { background: color-mix(in srgb, var(--warning) 16%, var(--background)); color: var(--warning); }
  .file-size { margin-inline-start: auto; font-size: 0.9em; font-variant-numeric: tabular-nums; }
  .file .lines { padding-block: 5px; background: var(--background); font-family: var(--code-font); font-size: 0.88em; line-height: 1.5; }
  .lines .block { content-visibility: auto; contain-intrinsic-block-size: auto 2000px; }
  .lines .line {
    position: relative;
    display: block;
    min-block-size: 1.5em;
    padding-inline: 3.6em 11px;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    text-decoration: none;
    unicode-bidi: isolate;
  }
  .lines .line::before { position: absolute; inset-inline-start: 0; inline-size: 2.9em; color: var(--muted); text-align: end; user-select: none; }
  .is-numbered .line::before { content: attr(data-number); opacity: 0.8; }
  .is-changed .line { padding-inline-start: 2.2em; }
  .is-changed .line::before { inline-size: 1.5em; font-weight: 600; }
  .lines ins.line { background: color-mix(in srgb, var(--success) 13%, var(--background)); }
  .lines del.line { background: color-mix(in srgb, var(--danger) 11%, var(--background)); }
  .lines ins.line::before { content: "+" / ""; color: var(--success); }
  .lines del.line::before { content: "−" / ""; color: var(--danger); }
  @media (forced-colors: active) {
    .file-note { border: 1px solid; }
    .lines ins.line { border-inline-start: 4px double; }
    .lines del.line { border-inline-start: 4px dotted; }
  }
`;

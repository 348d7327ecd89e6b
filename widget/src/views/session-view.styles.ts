/** What the assistant may do, and what it did. */
export const sessionViewStyles = `
  .session { position: absolute; inset: 0; display: flex; flex-direction: column; background: var(--background); animation: appear 0.2s ease-out; }
  .session .header { padding-inline-start: 12px; }
  .session h2 { flex: 1; min-inline-size: 0; font-size: 1.067em; font-weight: 600; letter-spacing: -0.01em; line-height: 1.3; }
  .session .back .icon { rotate: 90deg; }
  .session .back .icon:dir(rtl) { rotate: -90deg; }
  .session-body { display: flex; flex: 1; flex-direction: column; gap: 22px; min-block-size: 0; overflow: hidden auto; padding: 18px var(--padding) 22px; overscroll-behavior: contain; scrollbar-width: thin; }
  .session-body:focus-visible { outline-offset: -2px; }
  .session-body > * { flex: none; inline-size: 100%; max-inline-size: var(--content-width); margin-inline: auto; }
  .session-loading { display: flex; flex-direction: column; gap: 12px; }
  .session .session-error { margin-block-end: 0; }
  .who { display: flex; flex-wrap: wrap; gap: 12px 28px; }
  .who div { min-inline-size: 0; }
  .who dt { color: var(--muted); font-size: 0.867em; }
  .who dd { font-weight: 550; overflow-wrap: anywhere; }
  .session-section { display: flex; flex-direction: column; gap: 8px; }
  .session h3 { margin: 0; font-size: 0.933em; font-weight: 650; line-height: 1.4; }
  .session ul, .session ol { overflow: hidden; padding: 0; border: 1px solid var(--border); border-radius: var(--card-radius); list-style: none; }
  .session li { padding: 10px 12px; }
  .session li + li { border-block-start: 1px solid var(--border); }
  .session .row { display: flex; align-items: baseline; justify-content: space-between; gap: 4px 12px; flex-wrap: wrap; }
  .session li.row { align-items: center; }
  .session li.row > div { flex: 1; min-inline-size: min(9em, 100%); }
  .session .name { min-inline-size: 0; font-weight: 550; overflow-wrap: anywhere; }
  .session .note { overflow-wrap: anywhere; }
  .session .note code, .session .path { font-family: var(--code-font); font-size: 0.82em; }
  .session .amount { color: var(--muted); font-size: 0.867em; font-variant-numeric: tabular-nums; }
  .session .rule { flex: none; padding: 1px 8px; border-radius: 10px; background: var(--surface); color: var(--muted); font-size: 0.82em; font-weight: 600; }
  .session .rule.is-never { background: color-mix(in srgb, var(--warning) 14%, var(--background)); color: var(--warning); }
  .session .report:empty { display: none; }
  .session .button.minor { flex: none; min-block-size: 34px; padding: 4px 12px; font-size: 0.9em; }
  .session .entry { display: flex; gap: 10px; }
  .session .entry > div { flex: 1; min-inline-size: 0; }
  .session .entry .tool-icon { margin-block-start: 1px; }
  .session .budget { display: grid; grid-template-columns: 1fr auto; gap: 4px 12px; align-items: baseline; font-size: 0.933em; }
  .session .budget + .budget { margin-block-start: 4px; }
  meter { grid-column: 1 / -1; appearance: none; inline-size: 100%; block-size: 8px; overflow: hidden; border: 0; border-radius: 4px; background: var(--surface); }
  meter::-webkit-meter-inner-element { display: block; block-size: 8px; }
  /* Chromium moves the bar up by half of its height. */
  meter::-webkit-meter-bar { inset: 0; block-size: 8px; border: 0; border-radius: 4px; background: var(--surface); }
  meter::-webkit-meter-optimum-value { border-radius: 4px; background: var(--success); }
  meter::-webkit-meter-suboptimum-value, meter::-webkit-meter-even-less-good-value { border-radius: 4px; background: var(--warning); }
  meter:-moz-meter-optimum::-moz-meter-bar { border-radius: 4px; background: var(--success); }
  meter:-moz-meter-sub-optimum::-moz-meter-bar, meter:-moz-meter-sub-sub-optimum::-moz-meter-bar { border-radius: 4px; background: var(--warning); }
  @media (forced-colors: active) {
    meter { appearance: auto; }
    .session .rule { border: 1px solid; }
  }
`;

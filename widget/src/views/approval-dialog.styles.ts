/** The dialogs: whether a tool may run, and where a link leads. */
export const approvalDialogStyles = `
  .backdrop {
    position: absolute;
    inset: 0;
    z-index: 1;
    display: flex;
    align-items: flex-end;
    padding: 8px;
    background: var(--chat-bot-backdrop, light-dark(rgb(24 24 32 / 0.38), rgb(0 0 0 / 0.62)));
    animation: fade 0.18s ease-out;
  }
  .dialog {
    display: flex;
    flex-direction: column;
    inline-size: 100%;
    max-inline-size: 560px;
    max-block-size: 100%;
    margin-inline: auto;
    border: 1px solid var(--border);
    border-radius: calc(var(--radius) - 4px);
    background: var(--background);
    box-shadow: 0 12px 40px var(--shadow);
    animation: rise 0.28s var(--ease);
  }
  @keyframes fade { from { opacity: 0; } }
  @keyframes rise { from { translate: 0 28px; } }
  .dialog-head { display: flex; align-items: center; gap: 10px; padding: 16px 18px 4px; }
  .dialog-head h2 { flex: 1; font-size: 1.067em; font-weight: 650; letter-spacing: -0.01em; line-height: 1.3; }
  .dialog-icon { display: grid; place-items: center; inline-size: 32px; block-size: 32px; border-radius: 10px; background: color-mix(in srgb, var(--warning) 16%, var(--background)); color: var(--warning); }
  .position { display: flex; align-items: center; gap: 2px; margin-block: -6px; margin-inline-end: -8px; }
  .position .count { color: var(--muted); font-size: 0.867em; font-variant-numeric: tabular-nums; white-space: nowrap; }
  .position .icon-button { inline-size: 32px; block-size: 32px; }
  .position .icon-button[aria-disabled="true"] { opacity: 0.35; cursor: default; }
  .position .previous .icon { rotate: 90deg; }
  .position .next .icon { rotate: -90deg; }
  .position .previous .icon:dir(rtl) { rotate: -90deg; }
  .position .next .icon:dir(rtl) { rotate: 90deg; }
  .dialog-body { display: flex; flex-direction: column; gap: 10px; min-block-size: 0; overflow: auto; padding: 8px 18px 12px; scrollbar-width: thin; }
  /* None gives way to another: the body scrolls. */
  .dialog-body > * { flex: none; }
  .dialog-body:focus-visible { outline-offset: -2px; }
  .question { overflow-wrap: anywhere; line-height: 1.45; }
  .description { color: var(--muted); font-size: 0.92em; line-height: 1.45; overflow-wrap: anywhere; unicode-bidi: isolate; }
  .tool-name { margin-block-start: -6px; color: var(--muted); font-size: 0.867em; overflow-wrap: anywhere; }
  .tool-name code { font-family: var(--code-font); }
  .destructive { display: flex; align-items: center; gap: 8px; color: var(--danger); font-size: 0.92em; font-weight: 550; }
  .destructive .icon { flex: none; inline-size: 18px; block-size: 18px; }
  .dialog-foot { display: flex; flex-direction: column; gap: 10px; padding: 12px 18px 16px; border-block-start: 1px solid var(--border); }
  .remember { display: flex; align-items: center; gap: 10px; min-block-size: 24px; font-size: 0.92em; cursor: pointer; }
  .remember input { flex: none; inline-size: 18px; block-size: 18px; margin: 0; accent-color: var(--accent); }
  .expiry { display: flex; align-items: center; gap: 6px; color: var(--muted); font-size: 0.867em; font-variant-numeric: tabular-nums; }
  .expiry .icon { inline-size: 15px; block-size: 15px; }
  .expiry[hidden] { display: none; }
  .expiry.is-soon { color: var(--danger); font-weight: 600; }
  .obstacle { display: flex; gap: 8px; padding: 8px 10px; border-radius: 10px; background: color-mix(in srgb, var(--warning) 12%, var(--background)); font-size: 0.9em; line-height: 1.4; }
  .obstacle .icon { flex: none; inline-size: 18px; block-size: 18px; margin-block-start: 1px; color: var(--warning); }
  .obstacle .text-button { padding-inline: 2px; }
  .answers .unseen { grid-column: 1 / -1; color: var(--muted); font-size: 0.82em; line-height: 1.35; text-align: center; }
  .answers .unseen.is-over { visibility: hidden; }
  .buttons { display: grid; grid-template-columns: 1fr 1fr; gap: 10px; }
  .button {
    display: grid;
    place-items: center;
    min-block-size: 42px;
    padding: 8px 14px;
    border: 1px solid var(--border);
    border-radius: var(--button-radius);
    background: var(--background);
    color: var(--text);
    font-weight: 600;
    text-align: center;
    text-decoration: none;
    cursor: pointer;
    transition: background-color 0.15s, opacity 0.2s;
  }
  .button:hover { background: var(--surface); }
  .button.approve, .button.primary { border-color: transparent; background: var(--accent); color: var(--on-accent); }
  .button.approve:hover, .button.primary:hover { background: color-mix(in srgb, var(--accent) 88%, var(--text)); }
  .button.approve[aria-disabled="true"] { background: color-mix(in srgb, var(--accent) 14%, var(--background)); color: var(--muted); cursor: default; }
  .deny-all:last-child { grid-column: 1 / -1; }
  .button.minor { min-block-size: 34px; padding-block: 4px; background: none; font-size: 0.92em; }
  .button.minor:hover:not([aria-disabled="true"]) { background: var(--hover); }
  .button.minor[aria-disabled="true"] { border-style: dashed; color: var(--muted); cursor: default; }
  .address { max-block-size: 200px; }
  /* A small screen is for what is asked: the rest moves together. */
  @media (max-height: 560px) {
    .backdrop { padding: 4px; }
    .dialog-head { padding: 10px 14px 2px; }
    .dialog-body { padding: 6px 14px 10px; }
    .dialog-foot { gap: 6px; padding: 8px 14px 10px; }
    .buttons { gap: 6px; }
    .button { min-block-size: 38px; padding-block: 5px; }
    .button.minor { min-block-size: 30px; padding-block: 2px; }
  }
  @media (forced-colors: active) {
    .button[aria-disabled="true"] { color: GrayText; }
  }
`;

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
    max-block-size: 100%;
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
  .dialog .count { color: var(--muted); font-size: 0.867em; font-variant-numeric: tabular-nums; }
  .dialog-body { display: flex; flex-direction: column; gap: 10px; min-block-size: 0; overflow: auto; padding: 8px 18px 12px; scrollbar-width: thin; }
  .dialog-body:focus-visible { outline-offset: -2px; }
  .question { overflow-wrap: anywhere; line-height: 1.45; }
  .description, .no-input { color: var(--muted); font-size: 0.92em; line-height: 1.45; overflow-wrap: anywhere; unicode-bidi: isolate; }
  .destructive { display: flex; align-items: center; gap: 8px; color: var(--danger); font-size: 0.92em; font-weight: 550; }
  .destructive .icon { flex: none; inline-size: 18px; block-size: 18px; }
  .fields { display: grid; grid-template-columns: minmax(64px, auto) 1fr; gap: 1px; overflow: hidden; border: 1px solid var(--border); border-radius: 10px; background: var(--border); font-size: 0.92em; }
  .fields dt, .fields dd { padding: 7px 11px; background: var(--background); overflow-wrap: anywhere; unicode-bidi: isolate; }
  .fields dt { max-inline-size: 140px; background: var(--surface); color: var(--muted); }
  .fields dd { max-block-size: 200px; overflow: auto; white-space: pre-wrap; scrollbar-width: thin; }
  .fields dd:not(.string) { font-family: var(--code-font); }
  .exact summary { display: flex; align-items: center; gap: 4px; inline-size: max-content; min-block-size: 26px; padding-inline-end: 6px; border-radius: 6px; color: var(--muted); font-size: 0.867em; font-weight: 600; list-style: none; cursor: pointer; }
  .exact summary::-webkit-details-marker { display: none; }
  .exact summary .icon { inline-size: 16px; block-size: 16px; transition: rotate 0.2s; }
  .exact:not([open]) summary .icon { rotate: -90deg; }
  .exact:not([open]) summary .icon:dir(rtl) { rotate: 90deg; }
  .exact pre { max-block-size: none; margin-block-start: 4px; }
  .dialog-foot { display: flex; flex-direction: column; gap: 10px; padding: 12px 18px 16px; border-block-start: 1px solid var(--border); }
  .remember { display: flex; align-items: center; gap: 10px; min-block-size: 24px; font-size: 0.92em; cursor: pointer; }
  .remember input { flex: none; inline-size: 18px; block-size: 18px; margin: 0; accent-color: var(--accent); }
  .expiry { display: flex; align-items: center; gap: 6px; color: var(--muted); font-size: 0.867em; font-variant-numeric: tabular-nums; }
  .expiry .icon { inline-size: 15px; block-size: 15px; }
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
  .address { max-block-size: 200px; }
  @media (forced-colors: active) {
    .button[aria-disabled="true"] { color: GrayText; }
  }
`;

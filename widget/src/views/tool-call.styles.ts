/** Tool calls and their live output. */
export const toolCallStyles = `
  .tool-call { overflow: hidden; border: 1px solid var(--border); border-radius: var(--card-radius); background: var(--background); font-size: 0.92em; animation: appear 0.24s ease-out; }
  .tool-head {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr) fit-content(55%) auto;
    align-items: center;
    gap: 10px;
    inline-size: 100%;
    min-block-size: 42px;
    padding-block: 6px;
    padding-inline: 12px 10px;
    border: 0;
    background: none;
    text-align: start;
    cursor: pointer;
    transition: background-color 0.15s;
  }
  .tool-head:hover { background: var(--hover); }
  .tool-head:focus-visible { outline-offset: -2px; border-radius: 12px; }
  .tool-icon { display: grid; flex: none; place-items: center; inline-size: 20px; block-size: 20px; color: var(--muted); }
  .tool-icon .icon { inline-size: 18px; block-size: 18px; }
  .is-ok .tool-icon { color: var(--success); }
  .is-error .tool-icon, .is-denied .tool-icon { color: var(--danger); }
  .is-unknown .tool-icon, .is-expired .tool-icon, .is-awaiting_approval .tool-icon { color: var(--warning); }
  .tool-title { font-weight: 550; overflow-wrap: anywhere; }
  .tool-state { color: var(--muted); font-size: 0.93em; text-align: end; }
  .tool-chevron { color: var(--muted); transition: rotate 0.2s var(--ease); }
  .tool-chevron .icon { inline-size: 16px; block-size: 16px; }
  .tool-head[aria-expanded="true"] .tool-chevron { rotate: 180deg; }
  .spinner { inline-size: 16px; block-size: 16px; border: 2px solid color-mix(in srgb, var(--accent-text) 25%, transparent); border-block-start-color: var(--accent-text); border-radius: 50%; animation: turn 0.8s linear infinite; }
  .tool-details { display: flex; flex-direction: column; gap: 6px; padding: 4px 12px 12px; }
  .tool-details .label { color: var(--muted); font-size: 0.87em; font-weight: 600; }
  .tool-details * + .label { margin-block-start: 6px; }
  .tool-details pre, .stream pre, .exact pre, .address {
    overflow: auto;
    max-block-size: 240px;
    padding: 9px 11px;
    border-radius: 9px;
    background: var(--code-background);
    font-family: var(--code-font);
    font-size: var(--code-font-size);
    line-height: 1.5;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    unicode-bidi: isolate;
    scrollbar-width: thin;
  }
  .tool-outputs { display: flex; flex-direction: column; gap: 8px; padding: 2px 12px 12px; }
  .tool-details .tool-outputs { padding: 6px 0; }
  .tool-details .spinner { flex: none; }
  .stream { display: flex; flex-direction: column; gap: 6px; }
  .stream-head { display: flex; justify-content: space-between; gap: 8px; color: var(--muted); font-size: 0.87em; overflow-wrap: anywhere; }
  .stream-head .amount { flex: none; font-variant-numeric: tabular-nums; }
  .stream-choice { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 2px 8px; color: var(--muted); font-size: 0.87em; }
  .stream-choice .text-button { margin-inline: -8px; color: var(--text); }
  .stream-box { position: relative; }
  .stream pre { max-block-size: 168px; overscroll-behavior: contain; }
  .stream-text, .piece { display: block; }
  .piece { content-visibility: auto; contain-intrinsic-block-size: auto 6000px; }
  .stream-follow {
    position: absolute;
    inset-block-end: 8px;
    inset-inline-end: 8px;
    display: grid;
    place-items: center;
    inline-size: 28px;
    block-size: 28px;
    padding: 0;
    border: 1px solid var(--border);
    border-radius: 50%;
    background: var(--background);
    box-shadow: 0 2px 8px var(--shadow);
    cursor: pointer;
  }
  .stream-follow .icon { inline-size: 16px; block-size: 16px; }
  progress { appearance: none; inline-size: 100%; block-size: 5px; overflow: hidden; border: 0; border-radius: 3px; background: var(--surface); accent-color: var(--accent-text); }
  progress::-webkit-progress-bar { background: var(--surface); }
  progress::-webkit-progress-value { border-radius: 3px; background: var(--accent-text); transition: inline-size 0.2s; }
  progress::-moz-progress-bar { border-radius: 3px; background: var(--accent-text); }
  progress:indeterminate { background: linear-gradient(90deg, transparent, var(--accent-text), transparent) 50% 0 / 50% 100% no-repeat var(--surface); animation: pass 1.4s ease-in-out infinite; }
  progress:indeterminate::-webkit-progress-bar { background: none; }
  progress:indeterminate::-moz-progress-bar { background: none; }
  @keyframes pass { from { background-position-x: 150%; } to { background-position-x: -50%; } }
  @media (forced-colors: active) {
    .spinner { border-color: GrayText; border-block-start-color: Highlight; }
    progress { border: 1px solid; }
  }
`;

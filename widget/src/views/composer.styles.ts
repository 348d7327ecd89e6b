/** The message box. */
export const composerStyles = `
  .composer {
    position: relative;
    display: grid;
    grid-template-columns: 1fr auto;
    align-items: end;
    inline-size: calc(100% - 24px);
    max-inline-size: calc(var(--content-width) + 24px);
    margin: 0 auto 12px;
    padding: 5px;
    border: 1px solid var(--chat-bot-input-border, var(--border));
    border-radius: var(--chat-bot-input-radius, 24px);
    background: var(--chat-bot-input-background, var(--surface));
    transition: border-color 0.15s, box-shadow 0.15s;
  }
  .composer:focus-within { border-color: var(--focus); background: var(--chat-bot-input-background, var(--background)); box-shadow: 0 0 0 calc(var(--focus-width) - 1px) var(--focus); }
  .composer textarea {
    display: block;
    min-inline-size: 0;
    max-block-size: 168px;
    margin: 0;
    padding-block: 7px;
    padding-inline: 13px 6px;
    resize: none;
    touch-action: pan-x pan-y pinch-zoom;
    overscroll-behavior: contain;
    border: 0;
    background: none;
    line-height: 1.45;
    overflow-y: auto;
    scrollbar-width: thin;
  }
  .composer textarea:focus-visible { outline: none; }
  .composer textarea::placeholder { color: var(--muted); opacity: 1; }
  .send {
    display: grid;
    place-items: center;
    inline-size: 36px;
    block-size: 36px;
    padding: 0;
    border: 0;
    border-radius: 50%;
    background: var(--chat-bot-send-background, var(--accent));
    color: var(--chat-bot-send-color, var(--on-accent));
    cursor: pointer;
    transition: background-color 0.15s, scale 0.15s var(--ease), opacity 0.15s;
  }
  .send:hover:not(:disabled) { scale: 1.06; }
  .send:active:not(:disabled) { scale: 0.94; }
  .send:disabled { background: color-mix(in srgb, var(--muted) 22%, transparent); color: var(--muted); cursor: default; }
  .send .icon { stroke-width: 2.2; }
  .send.stop { background: var(--text); color: var(--background); }
  .send.stop:disabled { background: color-mix(in srgb, var(--muted) 22%, transparent); color: var(--muted); }
  .length { grid-column: 1 / -1; padding: 2px 12px 4px; color: var(--muted); font-size: 0.8em; font-variant-numeric: tabular-nums; }
  .length.too-long { color: var(--danger); }
  @media (pointer: coarse), (max-width: 480px) {
    /* Smaller text makes phones zoom into the box. */
    .composer textarea { font-size: max(16px, 1em); }
  }
  @media (forced-colors: active) {
    .composer:focus-within { outline: 2px solid Highlight; }
    .send { border: 1px solid ButtonText; }
  }
`;

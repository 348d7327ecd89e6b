/** The transcript: messages, status, loading, and the empty conversation. */
export const messageListStyles = `
  chat-bot-message-list { position: relative; display: flex; flex: 1; min-block-size: 0; }
  .messages {
    flex: 1;
    touch-action: pan-x pan-y pinch-zoom;
    min-inline-size: 0;
    overflow: hidden auto;
    overscroll-behavior: contain;
    scrollbar-width: thin;
    scrollbar-color: color-mix(in srgb, var(--muted) 45%, transparent) transparent;
  }
  .messages:focus-visible { outline-offset: -2px; }
  /* What scrolls away below fades out. */
  chat-bot-message-list::after {
    content: "";
    position: absolute;
    inset-block-end: 0;
    inset-inline: 2px 16px;
    block-size: 14px;
    background: linear-gradient(transparent, var(--background));
    pointer-events: none;
  }
  .transcript { display: flex; flex-direction: column; gap: var(--chat-bot-message-gap, 18px); inline-size: 100%; max-inline-size: calc(var(--content-width) + 2 * var(--padding)); min-block-size: 100%; margin-inline: auto; padding: 18px var(--padding) 14px; }
  chat-bot-message-view { display: block; }
  /* What is out of view is passed over. Its size is a guess until then: without anchors the view would jump. */
  @supports (overflow-anchor: auto) {
    chat-bot-message-view { content-visibility: auto; contain-intrinsic-block-size: auto 8em; overflow-clip-margin: 8px; }
  }
  .message { display: flex; flex-direction: column; gap: 12px; min-inline-size: 0; }
  .message.theirs { background: var(--chat-bot-assistant-message-background, none); }
  .message.mine { align-items: flex-end; gap: 4px; animation: appear 0.24s var(--ease); }
  .bubble {
    max-inline-size: 86%;
    padding: 9px 14px;
    border-radius: var(--chat-bot-message-radius, 18px);
    border-end-end-radius: min(var(--chat-bot-message-radius, 6px), 6px);
    background: var(--chat-bot-user-message-background, var(--accent));
    color: var(--chat-bot-user-message-color, var(--on-accent));
    /* For an accent that hardly differs from the background. */
    box-shadow: inset 0 0 0 1px color-mix(in srgb, var(--text) 8%, transparent);
    line-height: 1.45;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  .bubble span { display: block; unicode-bidi: isolate; }
  .bubble.is-sending { opacity: 0.72; }
  .bubble.is-failed { background: color-mix(in srgb, var(--danger) 12%, var(--background)); color: var(--text); }
  .note { color: var(--muted); font-size: 0.867em; line-height: 1.4; }
  .note.failed { color: var(--danger); }

  chat-bot-status:empty { display: none; }
  .status { display: flex; align-items: center; gap: 10px; color: var(--muted); font-size: 0.9em; animation: appear 0.24s ease-out; }
  .status-text { min-inline-size: 0; overflow-wrap: anywhere; }
  .dots { display: inline-flex; flex: none; gap: 4px; }
  .dots i { inline-size: 6px; block-size: 6px; border-radius: 50%; background: var(--accent-text); animation: pulse 1.3s ease-in-out infinite; }
  .dots i:nth-child(2) { animation-delay: 0.16s; }
  .dots i:nth-child(3) { animation-delay: 0.32s; }
  .is-reconnecting .dots i, .is-busy .dots i, .is-recovering .dots i { background: var(--warning); }
  @keyframes pulse { 0%, 70%, 100% { opacity: 0.3; scale: 0.85; } 35% { opacity: 1; scale: 1.1; } }

  .scroll-to-latest {
    position: absolute;
    inset-block-end: 12px;
    z-index: 1;
    inset-inline-start: calc(50% - 18px);
    display: grid;
    place-items: center;
    inline-size: 36px;
    block-size: 36px;
    padding: 0;
    border: 1px solid var(--border);
    border-radius: 50%;
    background: var(--background);
    box-shadow: 0 4px 14px var(--shadow);
    cursor: pointer;
    animation: appear 0.2s ease-out;
  }
  .scroll-to-latest:hover { background: var(--surface); }

  .empty { display: flex; flex: 1; flex-direction: column; align-items: center; justify-content: center; gap: 14px; padding-block: 24px; text-align: center; animation: appear 0.3s ease-out; }
  .greeting { max-inline-size: 300px; font-size: 1.3em; font-weight: 600; letter-spacing: -0.015em; line-height: 1.35; text-wrap: balance; overflow-wrap: anywhere; }
  .suggestions { display: flex; flex-direction: column; gap: 8px; inline-size: 100%; margin-block-start: 10px; }
  .suggestions button {
    padding: 11px 16px;
    border: 1px solid var(--border);
    border-radius: var(--card-radius);
    background: var(--background);
    line-height: 1.35;
    text-align: start;
    unicode-bidi: plaintext;
    overflow-wrap: anywhere;
    cursor: pointer;
    transition: background-color 0.15s, border-color 0.15s;
  }
  .suggestions button:hover { border-color: color-mix(in srgb, var(--accent-text) 45%, var(--border)); background: var(--tint); }

  .loading { display: flex; flex-direction: column; gap: 14px; }
  .skeleton { inline-size: 88%; block-size: 56px; border-radius: 14px; background: var(--surface); animation: breathe 1.4s ease-in-out infinite; }
  .skeleton.mine { align-self: flex-end; inline-size: 46%; block-size: 38px; }
  .skeleton.short { inline-size: 60%; block-size: 38px; }
  @keyframes breathe { 50% { opacity: 0.45; } }

  @media (forced-colors: active) {
    .bubble { border: 1px solid CanvasText; }
    .dots i { background: CanvasText; }
  }
`;

import { composerStyles } from "./composer.styles.ts";
import { markdownStyles } from "./markdown.styles.ts";
import { messageListStyles } from "./message-list.styles.ts";
import { createStyleSheet } from "./style-sheet.ts";

/** The styles of the panel and of the views that chatting needs, for the shadow root they share. */
export function panelStyles(): CSSStyleSheet[] {
  return [frameStyles, messageListStyles, markdownStyles, composerStyles].map(createStyleSheet);
}

const frameStyles = `
  :host {
    --surface: var(--chat-bot-surface, light-dark(#f5f5f8, #232329));
    --muted: var(--chat-bot-muted, light-dark(#60606c, #a6a6b4));
    --danger: var(--chat-bot-danger, light-dark(#b3261e, #ff9b93));
    --success: var(--chat-bot-success, light-dark(#1a7a43, #6fd69b));
    --warning: light-dark(#8a5300, #f5c26b);
    --hover: color-mix(in srgb, var(--text) 7%, transparent);
    --pressed: color-mix(in srgb, var(--text) 12%, transparent);
    --tint: color-mix(in srgb, var(--accent) 9%, var(--background));
    --radius: var(--chat-bot-radius, 18px);
    --ease: cubic-bezier(0.2, 0.8, 0.2, 1);
    --code-font: var(--chat-bot-font-family-code, ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace);
    -webkit-text-size-adjust: 100%;
    -webkit-font-smoothing: antialiased;
  }
  chat-bot-panel { display: contents; }
  .panel {
    position: absolute;
    inset-block-end: calc(100% + 14px);
    inset-inline-end: 0;
    display: flex;
    flex-direction: column;
    inline-size: min(var(--chat-bot-width, 408px), calc(100vw - 2 * var(--offset)));
    block-size: min(var(--chat-bot-height, 680px), calc(100dvh - 2 * var(--offset) - 70px));
    overflow: hidden;
    border: 1px solid var(--border);
    border-radius: var(--radius);
    background: var(--background);
    color: var(--text);
    box-shadow: 0 2px 6px var(--shadow), 0 18px 50px var(--shadow);
    transform-origin: 100% 100%;
    transition: opacity 0.18s ease-out, translate 0.28s var(--ease), scale 0.28s var(--ease), visibility 0s;
  }
  .panel:dir(rtl) { transform-origin: 0 100%; }
  :host([position="start"]) .panel { inset-inline: 0 auto; transform-origin: 0 100%; }
  :host([position="start"]) .panel:dir(rtl) { transform-origin: 100% 100%; }
  :host(:not([open], [mode="inline"])) .panel {
    visibility: hidden;
    opacity: 0;
    translate: 0 16px;
    scale: 0.97;
    transition-duration: 0.14s, 0.14s, 0.14s, 0s;
    transition-delay: 0s, 0s, 0s, 0.14s;
  }
  @starting-style {
    :host([open]) .panel { opacity: 0; translate: 0 16px; scale: 0.97; }
  }
  :host([mode="inline"]) .panel {
    position: relative;
    inset: auto;
    inline-size: 100%;
    block-size: 100%;
    box-shadow: none;
    transition: none;
  }
  .badge {
    position: absolute;
    inset-block-start: -4px;
    inset-inline-end: -4px;
    min-inline-size: 22px;
    padding-inline: 6px;
    border: 2px solid var(--background);
    border-radius: 11px;
    background: light-dark(#c5221f, #ff9b93);
    color: light-dark(#ffffff, #3b0906);
    font-size: 12px;
    font-weight: 600;
    line-height: 18px;
    text-align: center;
  }
  .content { display: flex; flex-direction: column; flex: 1; min-block-size: 0; }

  h1, h2, p, ul, ol, dl, dd, figure, pre, blockquote { margin: 0; padding: 0; }
  button, input, textarea { font: inherit; color: inherit; letter-spacing: inherit; }
  button { -webkit-tap-highlight-color: transparent; }
  :focus { outline: none; }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
  .icon {
    display: block;
    inline-size: 20px;
    block-size: 20px;
    fill: none;
    stroke: currentColor;
    stroke-width: 1.8;
    stroke-linecap: round;
    stroke-linejoin: round;
  }
  .icon.filled { fill: currentColor; stroke: none; }

  .header {
    display: flex;
    align-items: center;
    gap: 4px;
    padding: 12px 12px 12px 18px;
    border-block-end: 1px solid var(--border);
  }
  .header:dir(rtl) { padding: 12px 18px 12px 12px; }
  .header h1 {
    flex: 1;
    min-inline-size: 0;
    overflow: hidden;
    font-size: 1.067em;
    font-weight: 600;
    letter-spacing: -0.01em;
    line-height: 1.3;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  ::slotted([slot="header"]) { flex: 1; min-inline-size: 0; }
  .avatar {
    display: grid;
    flex: none;
    place-items: center;
    inline-size: 32px;
    block-size: 32px;
    margin-inline-end: 8px;
    border-radius: 50%;
    background: var(--accent);
    color: var(--on-accent);
  }
  .avatar.large { inline-size: 52px; block-size: 52px; margin: 0; }
  .avatar.large .icon { inline-size: 28px; block-size: 28px; }
  .icon-button {
    display: grid;
    flex: none;
    place-items: center;
    inline-size: 36px;
    block-size: 36px;
    padding: 0;
    border: 0;
    border-radius: 10px;
    background: none;
    color: var(--muted);
    cursor: pointer;
    transition: background-color 0.15s, color 0.15s;
  }
  .icon-button:hover { background: var(--hover); color: var(--text); }
  .icon-button:active { background: var(--pressed); }
  .text-button {
    min-block-size: 24px;
    padding: 2px 8px;
    border: 0;
    border-radius: 6px;
    background: none;
    color: inherit;
    font-weight: 600;
    text-decoration: underline;
    text-underline-offset: 3px;
    cursor: pointer;
  }
  .text-button:hover { background: var(--hover); }

  .error {
    display: flex;
    align-items: center;
    gap: 8px;
    inline-size: calc(100% - 24px);
    max-inline-size: 784px;
    margin: 0 auto 10px;
    padding: 8px 6px 8px 12px;
    border: 1px solid color-mix(in srgb, var(--danger) 35%, transparent);
    border-radius: 12px;
    background: color-mix(in srgb, var(--danger) 8%, var(--background));
    font-size: 0.933em;
    line-height: 1.4;
    animation: appear 0.2s ease-out;
  }
  .error:dir(rtl) { padding: 8px 12px 8px 6px; }
  .error p { flex: 1; min-inline-size: 0; overflow-wrap: anywhere; }
  .error-icon { color: var(--danger); }
  .error .text-button { flex: none; color: var(--danger); }
  .error .icon-button { inline-size: 28px; block-size: 28px; }
  .error .icon-button .icon { inline-size: 16px; block-size: 16px; }

  /* A sentence in a language of the other direction keeps its full stop at its end. */
  .greeting, .question, .destructive span, .error p, .status-text, .note { unicode-bidi: plaintext; }
  .announcer {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  slot[name="footer"] {
    display: block;
    padding: 0 16px 10px;
    color: var(--muted);
    font-size: 0.8em;
    text-align: center;
  }
  .hidden-character {
    padding-inline: 3px;
    border-radius: 4px;
    background: color-mix(in srgb, var(--danger) 16%, var(--background));
    color: var(--danger);
    font-family: var(--code-font);
    font-size: 0.8em;
    white-space: nowrap;
    unicode-bidi: isolate;
  }
  @keyframes appear { from { opacity: 0; translate: 0 6px; } }

  @media (max-width: 480px) {
    :host([open]:not([mode="inline"])) .launcher { visibility: hidden; }
    :host([open]:not([mode="inline"])) .panel {
      position: fixed;
      inset: var(--viewport-top, 0) 0 auto;
      inline-size: 100%;
      block-size: var(--viewport-height, 100dvh);
      padding-block: env(safe-area-inset-top, 0px) env(safe-area-inset-bottom, 0px);
      border: 0;
      border-radius: 0;
      transform-origin: 50% 100%;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .panel, .panel * { transition: none !important; animation-duration: 0.01ms !important; animation-iteration-count: 1 !important; scroll-behavior: auto !important; }
  }
  @media (prefers-contrast: more) {
    .panel { --muted: var(--text); --border: currentColor; }
  }
  @media (forced-colors: active) {
    .icon.filled { forced-color-adjust: auto; }
    .avatar { border: 1px solid CanvasText; }
    .badge { border-color: Canvas; forced-color-adjust: none; background: Highlight; color: HighlightText; }
    .hidden-character { outline: 1px solid; }
  }
`;

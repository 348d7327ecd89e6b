import { composerStyles } from "./composer.styles.ts";
import { launcherStyles } from "./launcher.styles.ts";
import { linkColourStyles } from "./link-colour.styles.ts";
import { markdownStyles } from "./markdown.styles.ts";
import { messageListStyles } from "./message-list.styles.ts";
import { noticeStyles } from "./notice.styles.ts";
import { createStyleSheet } from "./style-sheet.ts";

/** The styles of the panel and of the views that chatting needs, for the shadow root they share. */
export function panelStyles(): CSSStyleSheet[] {
  return [
    launcherStyles,
    linkColourStyles,
    frameStyles,
    messageListStyles,
    markdownStyles,
    composerStyles,
    noticeStyles,
  ].map(createStyleSheet);
}

const frameStyles = `
  chat-bot-panel {
    display: contents;
    --surface: var(--chat-bot-surface, light-dark(#f5f5f8, #232329));
    --muted: var(--chat-bot-muted, light-dark(#60606c, #a6a6b4));
    --danger: var(--chat-bot-danger, light-dark(#b3261e, #ff9b93));
    --success: var(--chat-bot-success, light-dark(#1a7a43, #6fd69b));
    --warning: var(--chat-bot-warning, light-dark(#8a5300, #f5c26b));
    --hover: color-mix(in srgb, var(--text) 7%, transparent);
    --pressed: color-mix(in srgb, var(--text) 12%, transparent);
    --tint: color-mix(in srgb, var(--accent) 9%, var(--background));
    --radius: var(--chat-bot-radius, 18px);
    --card-radius: var(--chat-bot-card-radius, 12px);
    --button-radius: var(--chat-bot-button-radius, 12px);
    --code-background: var(--chat-bot-code-background, var(--surface));
    --code-font-size: var(--chat-bot-code-font-size, 0.88em);
    --padding: var(--chat-bot-padding, 18px);
    --content-width: var(--chat-bot-content-width, 760px);
    --ease: cubic-bezier(0.2, 0.8, 0.2, 1);
    --code-font: var(--chat-bot-font-family-code, ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace);
    -webkit-text-size-adjust: 100%;
    -webkit-font-smoothing: antialiased;
  }
  .panel {
    position: fixed;
    inset-block-end: calc(var(--offset-block) + var(--launcher-size) + 14px);
    inset-inline-end: var(--offset-inline);
    z-index: var(--chat-bot-z-index, 2147483000);
    display: flex;
    flex-direction: column;
    inline-size: min(var(--chat-bot-width, 408px), calc(100vw - 2 * var(--offset-inline)));
    block-size: min(var(--chat-bot-height, 680px), calc(100dvh - 2 * var(--offset-block) - var(--launcher-size) - 14px));
    overflow: hidden;
    border: 1px solid var(--border);
    border-radius: var(--radius);
    background: var(--background);
    color: var(--text);
    box-shadow: var(--chat-bot-shadow, 0 2px 6px var(--shadow), 0 18px 50px var(--shadow));
    transform-origin: 100% 100%;
    transition: opacity var(--duration) ease-out, translate var(--duration) var(--ease), scale var(--duration) var(--ease), visibility 0s;
  }
  .panel:dir(rtl) { transform-origin: 0 100%; }
  :host([position="start"]) .panel { inset-inline: var(--offset-inline) auto; transform-origin: 0 100%; }
  :host([position="start"]) .panel:where(:dir(rtl)) { transform-origin: 100% 100%; }
  /* In a language of the other direction than the page's, the corner is still the button's. */
  :where(chat-bot-panel:dir(ltr)) .panel:dir(rtl) { inset-inline: var(--offset-inline) auto; transform-origin: 100% 100%; }
  :host([position="start"]) :where(chat-bot-panel:dir(ltr)) .panel:where(:dir(rtl)) { inset-inline: auto var(--offset-inline); transform-origin: 0 100%; }
  :host(:not([open], [mode="inline"])) .panel {
    visibility: hidden;
    opacity: 0;
    translate: 0 16px;
    scale: 0.97;
    transition-delay: 0s, 0s, 0s, var(--duration);
  }
  @starting-style {
    :host([open]) .panel { opacity: 0; translate: 0 16px; scale: 0.97; }
  }
  :host([mode="inline"]) .panel {
    position: relative;
    inset: auto;
    z-index: auto;
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
    background: var(--chat-bot-badge-background, light-dark(#c5221f, #ff9b93));
    color: var(--chat-bot-badge-color, light-dark(#ffffff, #3b0906));
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
  :focus-visible { outline: var(--focus-width) solid var(--focus); outline-offset: 2px; }
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
    padding-block: 12px;
    padding-inline: var(--padding) 12px;
    border-block-end: 1px solid var(--border);
    background: var(--chat-bot-header-background, transparent);
    color: var(--chat-bot-header-color, inherit);
  }
  .header h1 {
    flex: 1;
    min-inline-size: 0;
    font-size: var(--chat-bot-heading-size, 1.067em);
    font-weight: 600;
    letter-spacing: -0.01em;
    line-height: 1.3;
    overflow-wrap: anywhere;
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
    /* For an accent that hardly differs from the background. */
    box-shadow: inset 0 0 0 1px color-mix(in srgb, var(--text) 8%, transparent);
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
  .header .icon-button { color: var(--chat-bot-header-color, var(--muted)); }
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
    display: grid;
    grid-template-columns: auto 1fr auto;
    align-items: center;
    gap: 2px 8px;
    inline-size: calc(100% - 24px);
    max-inline-size: calc(var(--content-width) + 24px);
    margin: 0 auto 10px;
    padding-block: 8px;
    padding-inline: 12px 6px;
    border: 1px solid color-mix(in srgb, var(--danger) 35%, transparent);
    border-radius: var(--card-radius);
    background: color-mix(in srgb, var(--danger) 8%, var(--background));
    font-size: 0.933em;
    line-height: 1.4;
    animation: appear 0.2s ease-out;
  }
  .error p { overflow-wrap: anywhere; }
  .error-icon { color: var(--danger); }
  .error .text-button { grid-area: 2 / 2; justify-self: start; margin-inline: -8px; color: var(--danger); }
  .error .icon-button { inline-size: 28px; block-size: 28px; }
  .error .icon-button .icon { inline-size: 16px; block-size: 16px; }

  /* A sentence in a language of the other direction keeps its full stop at its end. */
  .greeting, .question, .destructive span, .error p, .status-text, .note, .file-size, .amount { unicode-bidi: plaintext; text-align: -webkit-match-parent; text-align: match-parent; }
  .announcer {
    position: fixed;
    inset-block-start: 0;
    inset-inline-start: 0;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  slot[name="footer"] { display: block; color: var(--muted); font-size: 0.8em; text-align: center; }
  ::slotted([slot="footer"]) { padding: 0 16px 10px; }
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

  /* Phones, and windows that magnification leaves no more of: the whole screen, above the keyboard. */
  @media (max-width: 480px), (max-height: 480px) {
    :host([open]:not([mode="inline"])) .launcher { visibility: hidden; }
    :host(:not([mode="inline"])) .panel {
      inset: var(--viewport-top, 0) 0 auto;
      inline-size: 100%;
      block-size: var(--viewport-height, 100dvh);
      padding: env(safe-area-inset-top, 0px) env(safe-area-inset-right, 0px) env(safe-area-inset-bottom, 0px) env(safe-area-inset-left, 0px);
      border: 0;
      border-radius: 0;
      transform-origin: 50% 100%;
    }
  }
  @media (max-height: 480px) {
    .header { padding-block: 4px; }
    .avatar.large { display: none; }
    .transcript { padding-block: 8px; }
    .empty { padding-block: 0; }
  }
  @media (max-height: 360px) {
    /* What a dialog asks has no room beside its buttons: it scrolls as a whole. */
    .backdrop .dialog { overflow: auto; }
    .backdrop .dialog-body { flex: none; overflow: visible; }
  }
  @media (pointer: coarse) {
    /* A finger moves what scrolls in the panel, never the page behind it. */
    :host(:not([mode="inline"])) .panel { touch-action: pinch-zoom; }
    :host(:not([mode="inline"])) .transcript { min-block-size: calc(100% + 1px); }
  }
  @media (prefers-reduced-motion: reduce) {
    .panel, .panel * { transition: none !important; animation: none !important; scroll-behavior: auto !important; }
  }
  @media (prefers-contrast: more) {
    chat-bot-panel { --muted: var(--text); --border: var(--text); --focus-width: 3px; }
  }
  @media print {
    :host([mode="inline"]), :host([mode="inline"]) .panel { block-size: auto; border: 0; }
    .panel, .content, .messages, chat-bot-message-list { display: block; overflow: visible; }
    chat-bot-message-list::after, .icon-button, .composer, .suggestions, .scroll-to-latest, .backdrop { display: none; }
    /* Paper has no backgrounds. */
    .bubble { border: 1px solid; background: none; color: inherit; }
  }
  @media (forced-colors: active) {
    .icon.filled { forced-color-adjust: auto; }
    .avatar { border: 1px solid CanvasText; }
    .badge { border-color: Canvas; forced-color-adjust: none; background: Highlight; color: HighlightText; }
    .hidden-character { outline: 1px solid; }
  }
`;

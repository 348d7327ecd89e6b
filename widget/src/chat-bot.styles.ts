/**
 * The element's own CSS: the wall towards the page, where it stands, and the button, with the design tokens these need.
 * The panel brings the rest. A string, since this part works without Lit.
 */
export const chatBotStyles = `
  :host {
    all: initial;
    color-scheme: light dark;
    --accent: var(--chat-bot-accent, light-dark(#4338ca, #a5a4ff));
    --on-accent: var(--chat-bot-on-accent, light-dark(#ffffff, #17163a));
    --background: var(--chat-bot-background, light-dark(#ffffff, #18181c));
    --text: var(--chat-bot-text, light-dark(#1c1c22, #ececf2));
    --border: var(--chat-bot-border, light-dark(#e4e4ea, #34343d));
    --shadow: light-dark(rgb(20 20 43 / 0.16), rgb(0 0 0 / 0.6));
    --offset: var(--chat-bot-offset, 20px);
    --font: var(--chat-bot-font-family, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", sans-serif);
    color: var(--text);
    font-family: var(--font);
    font-size: var(--chat-bot-font-size, 15px);
    line-height: 1.55;
    text-align: start;
  }
  :host([color-scheme="light"]) { color-scheme: light; }
  :host([color-scheme="dark"]) { color-scheme: dark; }
  :host {
    position: fixed;
    inset-block-end: calc(var(--offset) + env(safe-area-inset-bottom, 0px));
    inset-inline-end: calc(var(--offset) + env(safe-area-inset-right, 0px));
    z-index: var(--chat-bot-z-index, 2147483000);
    display: block;
    inline-size: 56px;
    block-size: 56px;
  }
  :host([position="start"]) {
    inset-inline: calc(var(--offset) + env(safe-area-inset-left, 0px)) auto;
  }
  :host([mode="inline"]) {
    position: relative;
    inset: auto;
    z-index: auto;
    inline-size: auto;
    block-size: var(--chat-bot-height, 640px);
    min-block-size: 320px;
  }
  :host([hidden]) { display: none; }
  *, *::before, *::after { box-sizing: border-box; }
  [hidden] { display: none !important; }

  .launcher {
    position: relative;
    display: grid;
    place-items: center;
    inline-size: 56px;
    block-size: 56px;
    margin: 0;
    padding: 0;
    border: 0;
    border-radius: 50%;
    background: var(--accent);
    color: var(--on-accent);
    font: inherit;
    cursor: pointer;
    box-shadow: 0 1px 2px var(--shadow), 0 8px 24px var(--shadow);
    transition: scale 0.2s ease-out, box-shadow 0.2s ease-out;
    -webkit-tap-highlight-color: transparent;
  }
  .launcher:hover { scale: 1.06; }
  .launcher:active { scale: 0.96; }
  .launcher:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
  .launcher svg {
    grid-area: 1 / 1;
    inline-size: 26px;
    block-size: 26px;
    fill: none;
    stroke: currentColor;
    stroke-width: 2;
    stroke-linecap: round;
    stroke-linejoin: round;
    transition: opacity 0.2s, rotate 0.3s ease-out, scale 0.3s ease-out;
  }
  .launcher slot { display: grid; place-items: center; }
  .launcher .speech { fill: currentColor; stroke-width: 0; }
  .launcher:not(.is-open) .chevron, .launcher.is-open .speech { opacity: 0; scale: 0.5; rotate: -60deg; }
  .launcher.is-loading::after {
    content: "";
    position: absolute;
    inset: 3px;
    border: 2px solid transparent;
    border-block-start-color: currentColor;
    border-radius: 50%;
    animation: turn 0.8s linear infinite;
  }
  @keyframes turn { to { rotate: 360deg; } }
  .notice {
    position: absolute;
    inset-block-end: calc(100% + 12px);
    inset-inline-end: 0;
    inline-size: max-content;
    max-inline-size: min(280px, calc(100vw - 2 * var(--offset)));
    padding: 10px 14px;
    border: 1px solid var(--border);
    border-radius: 12px;
    background: var(--background);
    box-shadow: 0 8px 24px var(--shadow);
    font-size: 14px;
  }
  :host([position="start"]) .notice { inset-inline: 0 auto; }
  :host([mode="inline"]) .launcher { display: none; }
  :host([mode="inline"]) .notice { position: static; max-inline-size: none; }

  @media (prefers-reduced-motion: reduce) {
    .launcher, .launcher svg { transition: none; }
    .launcher.is-loading::after { animation-duration: 2.4s; }
  }
  @media (forced-colors: active) {
    .launcher { border: 2px solid ButtonText; }
  }
  @media print {
    :host(:not([mode="inline"])) { display: none; }
  }
`;

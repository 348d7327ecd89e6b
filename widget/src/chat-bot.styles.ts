/**
 * The element's own CSS: the wall towards the page, the button at rest, and the design tokens these need. How the button
 * answers to a pointer comes with the panel (launcher.styles.ts), which is fetched by then. A string, since this part works
 * without Lit; short, since every page that shows the button loads it.
 *
 * The wall stands inside the element, where no rule of the page reaches: each box of ours begins with `all: initial`, and
 * takes its direction from `dir`, not from the page's CSS. The floating element itself has no box that the page could
 * distort; `display: none` still hides it.
 *
 * The host chooses one accent and gets a readable colour on it: `--on-accent` is black or white, whichever contrasts
 * more, 4.58 at least. WCAG's contrast is a matter of luminance alone, which `var(--luminance)` is of the colour that a
 * relative colour begins with.
 */
export const chatBotStyles = `
  :host { display: contents; }
  :host([mode="inline"]) { display: block; position: relative; block-size: var(--chat-bot-height, 640px); min-block-size: 320px; }
  :host([hidden]) { display: none !important; }
  .launcher, .notice, chat-bot-panel {
    all: initial;
    box-sizing: border-box;
    visibility: inherit;
    user-select: text;
    direction: ltr;
    color-scheme: light dark;
    --accent: var(--chat-bot-accent, light-dark(#4338ca, #a5a4ff));
    --on-accent: var(--chat-bot-on-accent, light-dark(#fff, #17163a));
    --shadow: light-dark(rgb(20 20 43 / 0.16), rgb(0 0 0 / 0.6));
    --launcher-size: var(--chat-bot-launcher-size, 56px);
    --offset-inline: calc(var(--chat-bot-offset-inline, var(--chat-bot-offset, 20px)) + max(env(safe-area-inset-left, 0px), env(safe-area-inset-right, 0px)));
    --offset-block: calc(var(--chat-bot-offset-block, var(--chat-bot-offset, 20px)) + env(safe-area-inset-bottom, 0px));
    font: var(--chat-bot-font-size, 15px) / var(--chat-bot-line-height, 1.55) var(--chat-bot-font-family, system-ui, sans-serif);
  }
  .launcher:dir(rtl), .notice:dir(rtl), chat-bot-panel:dir(rtl) { direction: rtl; }
  :host([color-scheme="light"]) :is(.launcher, .notice, chat-bot-panel) { color-scheme: light; }
  :host([color-scheme="dark"]) :is(.launcher, .notice, chat-bot-panel) { color-scheme: dark; }
  @supports (color: color(from light-dark(red, red) srgb-linear r g b)) {
    .launcher, .notice, chat-bot-panel {
      --luminance: (0.2126 * r + 0.7152 * g + 0.0722 * b);
      --white-or-black: clamp(0, (0.179 - var(--luminance)) * 1e6, 1);
      --on-accent: var(--chat-bot-on-accent, color(from var(--accent) srgb-linear var(--white-or-black) var(--white-or-black) var(--white-or-black)));
    }
  }
  .launcher, .notice { position: fixed; inset-block-end: var(--offset-block); inset-inline-end: var(--offset-inline); z-index: var(--chat-bot-z-index, 2147483000); }
  :host([position="start"]) :is(.launcher, .notice) { inset-inline: var(--offset-inline) auto; }
  .launcher {
    display: grid;
    place-items: center;
    inline-size: var(--launcher-size);
    block-size: var(--launcher-size);
    border-radius: var(--chat-bot-launcher-radius, 50%);
    background: var(--chat-bot-launcher-background, var(--accent));
    color: var(--chat-bot-launcher-color, var(--on-accent));
    cursor: pointer;
    user-select: none;
    box-shadow: var(--chat-bot-launcher-shadow, 0 1px 2px var(--shadow), 0 8px 24px var(--shadow));
  }
  /* Two rings that contrast with each other, so that one does with whatever the page has there. */
  .launcher:focus-visible { outline: 3px solid var(--chat-bot-focus, var(--accent)); outline-offset: 3px; box-shadow: 0 0 0 3px var(--on-accent); }
  .launcher slot { display: grid; place-items: center; inline-size: 100%; block-size: 100%; }
  .launcher svg { grid-area: 1 / 1; inline-size: 46%; block-size: 46%; fill: currentColor; }
  .launcher:dir(rtl) .speech { transform: scaleX(-1); }
  .is-loading::after {
    content: "";
    position: absolute;
    inset: 3px;
    border: 2px solid transparent;
    border-block-start-color: currentColor;
    border-radius: inherit;
    animation: turn 0.8s linear infinite;
  }
  @keyframes turn { to { rotate: 360deg; } }
  .notice {
    inset-block-end: calc(var(--offset-block) + var(--launcher-size) + 12px);
    max-inline-size: min(280px, calc(100vw - 2 * var(--offset-inline)));
    padding: 10px 14px;
    border: 1px solid;
    border-radius: 12px;
    background: var(--chat-bot-background, Canvas);
    color: var(--chat-bot-text, CanvasText);
    unicode-bidi: plaintext;
  }
  :host([mode="inline"]) .launcher { display: none; }
  :host([mode="inline"]) .notice { position: static; display: block; max-inline-size: none; }
  @media (prefers-reduced-motion: reduce) {
    .is-loading::after { animation-duration: 2.4s; }
  }
  @media (forced-colors: active) {
    .launcher { border: 2px solid ButtonText; }
  }
  @media print {
    :host(:not([mode="inline"])) { display: none !important; }
  }
`;

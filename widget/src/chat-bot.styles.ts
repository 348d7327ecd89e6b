/**
 * The element's own CSS: the wall towards the page, the design tokens, and the button. The panel brings the rest. A string,
 * since this part works without Lit.
 *
 * The wall stands inside the element, where no rule of the page reaches: each box of ours begins with `all: initial`, and
 * takes its direction from `dir`, not from the page's CSS. The floating element itself has no box that the page could
 * distort; `display: none` still hides it.
 *
 * The host chooses one accent and gets readable colours with it. WCAG's contrast is a matter of luminance alone, which
 * `var(--luminance)` is of the colour that a relative colour begins with:
 *   --on-accent    black or white, whichever contrasts more: 4.58 at least
 *   --accent-text  the accent, darkened or lightened until it can be read on the background: 5.2 where that is possible
 * The second needs two colours at once. `--mixed` holds both: half accent, half black whose opacity is the background's
 * luminance, so that its `alpha` tells the latter and its channels the former.
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
    --on-accent: var(--chat-bot-on-accent, light-dark(#ffffff, #17163a));
    --accent-text: var(--chat-bot-link, var(--accent));
    --background: var(--chat-bot-background, light-dark(#ffffff, #18181c));
    --text: var(--chat-bot-text, light-dark(#1c1c22, #ececf2));
    --border: var(--chat-bot-border, light-dark(#e4e4ea, #34343d));
    --focus: var(--chat-bot-focus, var(--accent-text));
    --focus-width: var(--chat-bot-focus-width, 2px);
    --shadow: light-dark(rgb(20 20 43 / 0.16), rgb(0 0 0 / 0.6));
    --launcher-size: var(--chat-bot-launcher-size, 56px);
    --offset-inline: calc(var(--chat-bot-offset-inline, var(--chat-bot-offset, 20px)) + max(env(safe-area-inset-left, 0px), env(safe-area-inset-right, 0px)));
    --offset-block: calc(var(--chat-bot-offset-block, var(--chat-bot-offset, 20px)) + env(safe-area-inset-bottom, 0px));
    --duration: var(--chat-bot-duration, 0.2s);
    color: var(--text);
    font: var(--chat-bot-font-size, 15px) / var(--chat-bot-line-height, 1.55) var(--chat-bot-font-family, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", sans-serif);
    text-align: start;
  }
  .launcher:dir(rtl), .notice:dir(rtl), chat-bot-panel:dir(rtl) { direction: rtl; }
  :host([color-scheme="light"]) :is(.launcher, .notice, chat-bot-panel) { color-scheme: light; }
  :host([color-scheme="dark"]) :is(.launcher, .notice, chat-bot-panel) { color-scheme: dark; }
  @supports (color: color(from light-dark(red, red) srgb-linear r g b)) {
    .launcher, .notice, chat-bot-panel {
      --luminance: (0.2126 * r + 0.7152 * g + 0.0722 * b);
      --white-or-black: clamp(0, (0.179 - var(--luminance)) * 1e6, 1);
      --on-accent: var(--chat-bot-on-accent, color(from var(--accent) srgb-linear var(--white-or-black) var(--white-or-black) var(--white-or-black)));
      --mixed: color-mix(in srgb-linear, color(from var(--accent) srgb-linear clamp(0, r, 1) clamp(0, g, 1) clamp(0, b, 1)), color(from var(--background) srgb-linear 0 0 0 / calc(var(--luminance))));
      --ground: (2 * alpha - 1);
      --figure: (2 * alpha * var(--luminance));
      --on-light: clamp(0, (var(--ground) - 0.179) * 1e6, 1);
      --darken: min(1, max(0, (var(--ground) + 0.05) / 5.2 - 0.05) / max(var(--figure), 1e-4));
      --lighten: clamp(0, (5.2 * (var(--ground) + 0.05) - 0.05 - var(--figure)) / max(1 - var(--figure), 1e-4), 1);
      --factor: (2 * alpha * (var(--on-light) * var(--darken) + (1 - var(--on-light)) * (1 - var(--lighten))));
      --addend: (1 - var(--on-light)) * var(--lighten);
      --accent-text: var(--chat-bot-link, color(from var(--mixed) srgb-linear calc(r * var(--factor) + var(--addend)) calc(g * var(--factor) + var(--addend)) calc(b * var(--factor) + var(--addend)) / 1));
    }
  }
  *, *::before, *::after { box-sizing: border-box; }
  [hidden] { display: none !important; }

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
    transition: scale var(--duration) ease-out;
    -webkit-tap-highlight-color: transparent;
  }
  .launcher:hover { scale: 1.06; }
  .launcher:active { scale: 0.96; }
  /* Two rings, one of which contrasts with whatever the page has there. */
  .launcher:focus-visible { outline: 3px solid var(--focus); outline-offset: 3px; box-shadow: 0 0 0 3px var(--background); }
  .launcher svg {
    grid-area: 1 / 1;
    inline-size: 46%;
    block-size: 46%;
    fill: none;
    stroke: currentColor;
    stroke-width: 2;
    stroke-linecap: round;
    stroke-linejoin: round;
    transition: opacity var(--duration), rotate var(--duration) ease-out, scale var(--duration) ease-out;
  }
  .launcher slot { display: grid; place-items: center; inline-size: 100%; block-size: 100%; }
  .launcher .speech { fill: currentColor; stroke-width: 0; }
  .launcher:dir(rtl) .speech { transform: scaleX(-1); }
  .launcher:not(.is-open) .chevron, .launcher.is-open .speech { opacity: 0; scale: 0.5; rotate: -60deg; }
  .launcher.is-loading::after {
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
    inline-size: max-content;
    max-inline-size: min(280px, calc(100vw - 2 * var(--offset-inline)));
    padding: 10px 14px;
    border: 1px solid var(--border);
    border-radius: 12px;
    background: var(--background);
    box-shadow: 0 8px 24px var(--shadow);
  }
  :host([mode="inline"]) .launcher { display: none; }
  :host([mode="inline"]) .notice { position: static; display: block; max-inline-size: none; }

  @media (prefers-reduced-motion: reduce) {
    .launcher, .launcher svg { transition: none; }
    .launcher.is-loading::after { animation-duration: 2.4s; }
  }
  @media (forced-colors: active) {
    .launcher { border: 2px solid ButtonText; }
  }
  @media print {
    :host(:not([mode="inline"])) { display: none !important; }
  }
`;

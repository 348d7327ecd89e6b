/**
 * The element's own CSS: the wall towards the page, the button at rest, and the design tokens these need. A string, since
 * this part works without Lit; short, since every page that shows the button loads it. How the button answers to a pointer
 * or shows its focus in the host's colours comes with the panel (panel-wall.styles.ts, launcher.styles.ts), which is
 * fetched by then.
 *
 * The wall stands inside the element, where no rule of the page reaches: each box of ours, `:host > *`, begins with
 * `all: initial`, and takes its direction from `dir`, not from the page's CSS. `:where()` lets every rule of the panel win
 * over it. The floating element itself has no box that the page could distort; `display: none` still hides it.
 *
 * The host chooses one accent and gets a readable colour on it: `--on-accent` is black or white, whichever contrasts
 * more, 4.58 at least. WCAG's contrast is a matter of luminance alone, which is the `y` of a colour in XYZ; what comes of
 * it lies far beyond black or white, and is drawn as these.
 */
export const chatBotStyles = `
  :host { display: contents; }
  :host([mode=inline]) { display: block; position: relative; height: var(--chat-bot-height, 640px); min-height: 320px; }
  :host([hidden]) { display: none !important; }
  :where(:host > *) {
    all: initial;
    position: fixed;
    bottom: var(--offset-block);
    inset-inline-end: var(--offset-inline);
    z-index: var(--chat-bot-z-index, 2147483000);
    box-sizing: border-box;
    visibility: inherit;
    direction: ltr;
    color-scheme: light dark;
    font: 15px system-ui;
    --accent: var(--chat-bot-accent, light-dark(#4338ca, #a5a4ff));
    --on-accent: var(--chat-bot-on-accent, light-dark(#fff, #17163a));
    --launcher-size: var(--chat-bot-launcher-size, 56px);
    --offset-inline: calc(var(--chat-bot-offset-inline, var(--chat-bot-offset, 20px)) + max(env(safe-area-inset-left), env(safe-area-inset-right)));
    --offset-block: calc(var(--chat-bot-offset-block, var(--chat-bot-offset, 20px)) + env(safe-area-inset-bottom));
    @supports (color: color(from light-dark(red, red) xyz x y z)) {
      --on-accent: var(--chat-bot-on-accent, color(from var(--accent) xyz calc((0.179 - y) * 1e5) calc((0.179 - y) * 1e5) calc((0.179 - y) * 1e5)));
    }
  }
  :host > :dir(rtl) { direction: rtl; }
  :host([position=start]) > * { inset-inline: var(--offset-inline) auto; }
  :host([mode=inline]) > * { position: absolute; }
  :host([color-scheme=light]) > * { color-scheme: light; }
  :host([color-scheme=dark]) > * { color-scheme: dark; }
  .launcher {
    display: grid;
    place-items: center;
    width: var(--launcher-size);
    height: var(--launcher-size);
    /* Seen only where the browser replaces colours. */
    border: 2px solid #0000;
    border-radius: var(--chat-bot-launcher-radius, 50%);
    background: var(--chat-bot-launcher-background, var(--accent));
    color: var(--chat-bot-launcher-color, var(--on-accent));
    cursor: pointer;
    box-shadow: var(--chat-bot-launcher-shadow, 0 4px 16px #0003);
  }
  .launcher i { border: calc(0.23 * var(--launcher-size)) solid; border-radius: 50%; border-end-start-radius: 10%; }
  /* Two rings that contrast with each other, so that one does with whatever the page has there. */
  .launcher:focus-visible { outline: auto; }
  /* Pressed, and the panel has neither come nor failed. */
  [aria-expanded=true]:only-child { opacity: 0.7; }
  .notice {
    max-width: 280px;
    margin-bottom: calc(var(--launcher-size) + 12px);
    padding: 12px;
    border: 1px solid;
    border-radius: 12px;
    background: Canvas;
  }
  /* Behind a notice it is what to press for another try. */
  :host([mode=inline]) .launcher:first-child { display: none; }
  @media print {
    :host(:not([mode=inline])) { display: none !important; }
  }
`;

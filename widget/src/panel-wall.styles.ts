/**
 * What the element's own CSS (chat-bot.styles.ts) leaves to the panel: the rest of the wall towards the page, and the
 * design tokens that a button at rest does without.
 */
export const panelWallStyles = `
  .launcher, chat-bot-panel {
    font: var(--chat-bot-font-size, 15px) / var(--chat-bot-line-height, 1.55) var(--chat-bot-font-family, sans-serif);
    --shadow: light-dark(rgb(20 20 43 / 0.16), rgb(0 0 0 / 0.6));
  }
  chat-bot-panel { user-select: text; }
  /* Not what the panel's own buttons take from around them. */
  .launcher { letter-spacing: normal; }
  /* WCAG's relative luminance of the colour that a relative colour begins with: contrast is a matter of it alone. */
  @supports (color: color(from light-dark(red, red) srgb-linear r g b)) {
    chat-bot-panel { --luminance: (0.2126 * r + 0.7152 * g + 0.0722 * b); }
  }
  /* Two rings that contrast with each other, so that one does with whatever the page has there. */
  .launcher:focus-visible { outline: 3px solid var(--chat-bot-focus, var(--accent)); outline-offset: 3px; box-shadow: 0 0 0 3px var(--on-accent); }
`;

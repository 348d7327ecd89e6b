/**
 * The colour of links and of the ring around what has the focus: the accent, darkened or lightened until it can be read on
 * the background, with a contrast of 5.2 where that is possible. It needs two colours at once. `--mixed` holds both: half
 * accent, half black whose opacity is the background's luminance, so that its `alpha` tells the latter and its channels
 * the former. See panel-wall.styles.ts for `--luminance`.
 */
export const linkColourStyles = `
  .launcher, .notice, chat-bot-panel {
    --accent-text: var(--chat-bot-link, var(--accent));
    --focus: var(--chat-bot-focus, var(--accent-text));
    --focus-width: var(--chat-bot-focus-width, 2px);
  }
  @supports (color: color(from light-dark(red, red) srgb-linear r g b)) {
    chat-bot-panel {
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
`;

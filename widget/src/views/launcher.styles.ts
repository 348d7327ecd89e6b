/** The button as it moves: every way to reach it is a reason to fetch the panel, and these styles come with it. */
export const launcherStyles = `
  *, *::before, *::after { box-sizing: border-box; }
  [hidden] { display: none !important; }
  .launcher, chat-bot-panel {
    --background: var(--chat-bot-background, light-dark(#fff, #18181c));
    --text: var(--chat-bot-text, light-dark(#1c1c22, #ececf2));
    --border: var(--chat-bot-border, light-dark(#e4e4ea, #34343d));
    --duration: var(--chat-bot-duration, 0.2s);
    font-family: var(--chat-bot-font-family, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", sans-serif);
    text-align: start;
  }
  chat-bot-panel { color: var(--text); }
  .launcher { transition: scale var(--duration) ease-out; -webkit-tap-highlight-color: transparent; }
  .launcher:hover { scale: 1.06; }
  .launcher:active { scale: 0.96; }
  .launcher svg {
    inline-size: calc(0.46 * var(--launcher-size));
    fill: none;
    stroke: currentColor;
    stroke-width: 2;
    stroke-linecap: round;
    stroke-linejoin: round;
  }
  .launcher :is(i, svg) {
    grid-area: 1 / 1;
    transition: opacity var(--duration), rotate var(--duration) ease-out, scale var(--duration) ease-out;
  }
  .launcher:not(.is-open) svg, .launcher.is-open i { opacity: 0; scale: 0.5; rotate: -60deg; }
  @media (prefers-reduced-motion: reduce) {
    .launcher, .launcher :is(i, svg) { transition: none; }
  }
`;

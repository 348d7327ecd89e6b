/** Quiet lines above the message box. */
export const noticeStyles = `
  .notice-line { display: flex; align-items: center; gap: 4px 8px; inline-size: calc(100% - 36px); max-inline-size: calc(var(--content-width) + 12px); margin: 0 auto 8px; color: var(--muted); font-size: 0.867em; line-height: 1.4; animation: appear 0.2s ease-out; }
  .notice-line p { flex: 1; min-inline-size: 0; overflow-wrap: anywhere; unicode-bidi: plaintext; }
  .notice-line .text-button { flex: none; color: var(--text); }
  .notice-line .icon-button { inline-size: 28px; block-size: 28px; }
  .notice-line .icon-button .icon { inline-size: 16px; block-size: 16px; }
`;

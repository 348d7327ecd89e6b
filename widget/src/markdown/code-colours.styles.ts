/** Colours of code, each with a contrast of at least 4.5 : 1 on the surface of a code block. */
export const codeColourStyles = `
  .code-keyword { color: light-dark(#c21f2e, #ff8a82); }
  .code-string { color: light-dark(#0a3069, #a5d6ff); }
  .code-literal { color: light-dark(#0550ae, #79c0ff); }
  .code-name { color: light-dark(#8a3a00, #ffab61); }
  .code-title { color: light-dark(#6639ba, #d2a8ff); }
  .code-comment { color: light-dark(#5a6470, #a0a7b0); }
`;

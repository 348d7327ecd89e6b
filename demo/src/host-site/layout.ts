import { type Html, html } from "./html.ts";

/** A whole page of the club. */
export function layout(title: string, body: Html): string {
  const page = html`<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${title} – Harbour Rowing Club</title>
    <link rel="icon" href="/crest.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/site.css">
  </head>
  <body>
    ${body}
  </body>
</html>
`;
  return `<!doctype html>\n${page.toString()}`;
}

/** The club's name with its crest, as it stands at the top of every page. */
export const brand: Html = html`<a class="brand" href="/"><img src="/crest.svg" alt="" width="40" height="40"> Harbour Rowing Club</a>`;

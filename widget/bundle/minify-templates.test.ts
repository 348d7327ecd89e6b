import { expect, test } from "vitest";
import { minifyHtml } from "./minify-templates.ts";

test.each([
  ["indentation between tags goes", "<div>\n      <p>\n  </p></div>", "<div><p></p></div>"],
  ["attributes stay apart", '<p\n   class="a"\n   id="b"\n>', '<p class="a" id="b">'],
  ["text keeps a blank from what follows", "Not sent\n    <button>", "Not sent <button>"],
  ["what stands on one line stays as it is", "<b>a</b>  <i>b</i>", "<b>a</b>  <i>b</i>"],
])("%s", (_title, html, minified) => {
  expect(minifyHtml(html)).toBe(minified);
});

/** Language of an element's texts, as a BCP 47 tag: its own, then the page's, then the browser's. */
export function languageOf(element: HTMLElement): string {
  return element.lang || document.documentElement.lang || navigator.language;
}

import { expect } from "@open-wc/testing";
import { html, render } from "lit";
import { visibleWithin } from "./visible-text.ts";

describe("visibleWithin", () => {
  const cases: { title: string; sentence: string; value: string; shown: string; marked: string[] }[] = [
    {
      title: "leaves the narrow spaces of a sentence of ours",
      sentence: "Exécuter «\u202FCourriel\u202F»",
      value: "Courriel",
      shown: "Exécuter «\u202FCourriel\u202F»",
      marked: [],
    },
    {
      title: "marks what a text from outside hides, wherever it stands",
      sentence: "«\u202Fa\u202Eb\u202F» : a\u202Eb",
      value: "a\u202Eb",
      shown: "«\u202FaU+202Eb\u202F» : aU+202Eb",
      marked: ["U+202E", "U+202E"],
    },
    {
      title: "marks a text from outside that ends what keeps it apart",
      sentence: "تشغيل \u2068a\u2069b\u2069",
      value: "a\u2069b",
      shown: "تشغيل \u2068aU+2069b\u2069",
      marked: ["U+2069"],
    },
    {
      title: "marks all of a sentence that holds the text in another form",
      sentence: "Run\u00A0A\u202EB",
      value: "a\u202Eb",
      shown: "RunU+00A0AU+202EB",
      marked: ["U+00A0", "U+202E"],
    },
    { title: "takes a sentence about nothing", sentence: "In 5\u202Fs", value: "", shown: "In 5\u202Fs", marked: [] },
  ];
  for (const { title, sentence, value, shown, marked } of cases) {
    it(title, () => {
      const box = document.createElement("p");
      render(html`${visibleWithin(sentence, value)}`, box);
      expect(box.textContent).to.equal(shown);
      expect(Array.from(box.querySelectorAll(".hidden-character"), (mark) => mark.textContent)).to.deep.equal(marked);
    });
  }
});

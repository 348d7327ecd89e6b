/** The least that can be done: each line an element with its text, the last one appended to. */
import type { Contestant } from "./contestant.ts";
import { createTranscript } from "./transcript.ts";

export function createPlainLines(box: HTMLElement): Contestant {
  const { content, followEnd, remove } = createTranscript(box);
  let line = addLine(content);
  return {
    append(pieces) {
      const [rest = "", ...lines] = pieces.join("").split("\n");
      line.appendData(rest);
      for (const text of lines) {
        line = addLine(content);
        line.appendData(text);
      }
      followEnd();
    },
    end() {},
    remove,
  };
}

function addLine(content: HTMLElement): Text {
  const text = document.createTextNode("");
  const line = document.createElement("p");
  line.append(text);
  content.append(line);
  return text;
}

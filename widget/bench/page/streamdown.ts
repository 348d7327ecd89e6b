/** Streamdown, a React component, given the whole text once a frame. */
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { Streamdown } from "streamdown";
import type { Contestant } from "./contestant.ts";
import { createTranscript } from "./transcript.ts";

export function createStreamdown(box: HTMLElement): Contestant {
  const { content, followEnd, remove } = createTranscript(box);
  const root = createRoot(content);
  let text = "";
  return {
    append(pieces) {
      for (const piece of pieces) text += piece;
      root.render(createElement(Streamdown, null, text));
      // React renders in a task of its own; the end is followed as far as it is there.
      followEnd();
    },
    end() {},
    remove() {
      root.unmount();
      remove();
    },
  };
}

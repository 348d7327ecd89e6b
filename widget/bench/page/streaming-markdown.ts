/** streaming-markdown with its own renderer, fed piece by piece as its readme tells. */
import * as smd from "streaming-markdown";
import type { Contestant } from "./contestant.ts";
import { createTranscript } from "./transcript.ts";

export function createStreamingMarkdown(box: HTMLElement): Contestant {
  const { content, followEnd, remove } = createTranscript(box);
  const parser = smd.parser(smd.default_renderer(content));
  return {
    append(pieces) {
      for (const piece of pieces) smd.parser_write(parser, piece);
      followEnd();
    },
    end: () => smd.parser_end(parser),
    remove,
  };
}

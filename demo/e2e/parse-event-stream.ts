import type { ServerEvent } from "@chat-bot/widget/protocol";

/** An event with its id and its place on the wire. */
export interface StreamedEvent {
  id: string;
  name: string;
  data: ServerEvent;
}

/** Written again on purpose, without the element's code: what the wire says is judged by a second reader. */
export function createParser(): { feed(text: string): StreamedEvent[] } {
  let rest = "";
  return {
    feed(text) {
      const blocks = (rest + text).split("\n\n");
      rest = blocks.pop() ?? "";
      return blocks.flatMap(parseBlock);
    },
  };
}

function parseBlock(block: string): StreamedEvent[] {
  const fields = new Map<string, string>();
  for (const line of block.split("\n")) {
    const colon = line.indexOf(": ");
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 2));
  }
  const data = fields.get("data");
  return data === undefined
    ? []
    : [{ id: fields.get("id") ?? "", name: fields.get("event") ?? "", data: JSON.parse(data) }];
}

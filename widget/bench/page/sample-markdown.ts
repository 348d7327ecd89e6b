/** Markdown as assistants write it: the same text for the same seed. */

const WORDS =
  "the of and to in is that for it as with on be this are by from or an at which can you when not if your will each how use all one more so has its into other than then first only time may after also new where most over such should because any through between both must before while since".split(
    " ",
  );
const NOUNS =
  "request server index table user column result function value token message buffer query cache file worker handler lock stream record event session limit order account invoice report field schema".split(
    " ",
  );
const KEYWORDS = ["const", "let", "return await", "if (ready)", "for (const row of rows)", "export function"];

/** About `length` characters of Markdown: prose, lists, tables, code and quotations, as in long answers. */
export function sampleMarkdown(length: number, seed: number): string {
  const random = createRandom(seed);
  const blocks: string[] = [];
  for (let written = 0; written < length; ) {
    const block = sampleBlock(random);
    blocks.push(block);
    written += block.length + 2;
  }
  return blocks.join("\n\n").slice(0, length);
}

/** The text in `count` pieces of the same length, as near as it goes. */
export function inPieces(text: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    text.slice(Math.floor((index * text.length) / count), Math.floor(((index + 1) * text.length) / count)),
  );
}

type Random = () => number;

function sampleBlock(random: Random): string {
  const choice = random();
  if (choice < 0.42) return paragraph(random);
  if (choice < 0.54) return `${"#".repeat(2 + below(random, 3))} ${phrase(random, 4)}`;
  if (choice < 0.7) return list(random, 3 + below(random, 9), random() < 0.4);
  if (choice < 0.74) return list(random, 30 + below(random, 50), false);
  if (choice < 0.88) return code(random, 4 + below(random, 30));
  if (choice < 0.95) return table(random, 3 + below(random, 14), 2 + below(random, 4));
  return `> ${sentence(random)}\n> ${sentence(random)}`;
}

function paragraph(random: Random): string {
  return Array.from({ length: 2 + below(random, 4) }, () => sentence(random)).join(" ");
}

function sentence(random: Random): string {
  const words = Array.from({ length: 7 + below(random, 12) }, () => inline(random));
  const text = words.join(" ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function inline(random: Random): string {
  const choice = random();
  if (choice < 0.04) return `**${phrase(random, 2)}**`;
  if (choice < 0.06) return `*${pick(random, WORDS)}*`;
  if (choice < 0.11) return `\`${pick(random, NOUNS)}_${pick(random, NOUNS)}\``;
  if (choice < 0.115)
    return `[${phrase(random, 2)}](https://example.com/${pick(random, NOUNS)}?id=${below(random, 999)})`;
  return choice < 0.5 ? pick(random, NOUNS) : pick(random, WORDS);
}

function phrase(random: Random, words: number): string {
  return Array.from({ length: words }, () => pick(random, NOUNS)).join(" ");
}

function list(random: Random, items: number, isOrdered: boolean): string {
  const isTask = !isOrdered && random() < 0.15;
  return Array.from({ length: items }, (_, index) => {
    const marker = isOrdered ? `${index + 1}.` : "-";
    const item = `${marker} ${isTask ? (random() < 0.5 ? "[x] " : "[ ] ") : ""}${sentence(random)}`;
    const inner = " ".repeat(marker.length + 1);
    return random() < 0.15 ? `${item}\n${inner}- ${sentence(random)}\n${inner}- ${sentence(random)}` : item;
  }).join("\n");
}

function code(random: Random, lines: number): string {
  const body = Array.from(
    { length: lines },
    () =>
      `${"  ".repeat(below(random, 4))}${pick(random, KEYWORDS)} ${pick(random, NOUNS)} = ${pick(random, NOUNS)}(${below(random, 100)}, "${phrase(random, 2)}");`,
  ).join("\n");
  return `\`\`\`ts\n${body}\n\`\`\``;
}

function table(random: Random, rows: number, columns: number): string {
  const row = (cell: () => string): string => `| ${Array.from({ length: columns }, cell).join(" | ")} |`;
  const body = Array.from({ length: rows }, () => row(() => inline(random)));
  return [row(() => pick(random, NOUNS)), row(() => "---"), ...body].join("\n");
}

function pick(random: Random, choices: readonly string[]): string {
  return choices[below(random, choices.length)] ?? "";
}

function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

/** Numbers in [0, 1) by the mulberry32 generator. */
function createRandom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

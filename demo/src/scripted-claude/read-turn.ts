import { type CountTokensRequest, joinMessages, type ToolResultBlock, type Utterance } from "./messages-request.ts";

/** A call of this turn and what came of it. */
export interface FinishedCall {
  name: string;
  input: Record<string, unknown>;
  text: string;
  isError: boolean;
}

/** What the user wants now, and what has been done about it. */
export interface TurnSoFar {
  userText: string;
  calls: FinishedCall[];
  /** Model calls made for this text before: each ended with tool calls and their results, or pauses now (`pause_turn`). */
  step: number;
}

/**
 * The turn that the request continues. It begins with the last text of the user; a text behind tool results is that too
 * (a new message instead of a decision), but not where tools are switched off: there it is the note that asks for a final
 * answer.
 */
export function readTurn(request: CountTokensRequest): TurnSoFar {
  const utterances = joinMessages(request.messages);
  const isFinal = request.tool_choice?.type === "none";
  const start = utterances.findLastIndex((utterance, index) => {
    const isNote = isFinal && index === utterances.length - 1 && hasResults(utterance);
    return utterance.role === "user" && !isNote && userTexts(utterance).length > 0;
  });
  const first = utterances[start];
  const later = utterances.slice(start + 1);
  return {
    userText: first === undefined ? "" : (userTexts(first).at(-1) ?? ""),
    calls: finishedCalls(later),
    step: later.filter(isStepEnd).length,
  };
}

function isStepEnd(utterance: Utterance, index: number, later: readonly Utterance[]): boolean {
  return utterance.role === "user" ? hasResults(utterance) : index === later.length - 1;
}

function hasResults({ blocks }: Utterance): boolean {
  return blocks.some((block) => block.type === "tool_result");
}

function userTexts({ blocks }: Utterance): string[] {
  return blocks.flatMap((block) => (block.type === "text" ? [block.text] : []));
}

function finishedCalls(utterances: readonly Utterance[]): FinishedCall[] {
  const blocks = utterances.flatMap((utterance) => utterance.blocks);
  const results = new Map(
    blocks.flatMap((block) => (block.type === "tool_result" ? [[block.tool_use_id, block]] : [])),
  );
  return blocks.flatMap((block) => {
    const result = block.type === "tool_use" ? results.get(block.id) : undefined;
    if (block.type !== "tool_use" || result === undefined) return [];
    return [{ name: block.name, input: block.input, text: resultText(result), isError: result.is_error === true }];
  });
}

function resultText({ content }: ToolResultBlock): string {
  if (content === undefined || typeof content === "string") return content ?? "";
  return content.map((part) => (part.type === "text" ? part.text : "[image]")).join("\n");
}

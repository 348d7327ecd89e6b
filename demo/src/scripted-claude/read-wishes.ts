// The handful of sentences that the scripted Claude understands, in English and Portuguese.

import { numberedLines } from "./numbered-lines.ts";
import type { Wish } from "./wish.ts";

/** What the user asks for, in order; empty when a part of it is not understood. */
export function readWishes(text: string): Wish[] {
  const wishes = splitClauses(text).map(readClause);
  return wishes.every((wish) => wish !== null) ? wishes : [];
}

const WISH_START =
  /\s*(?:,|;|\band\b|\bthen\b|\be\b|\bdepois\b)\s+(?:then\s+)?(?=(?:list|show|who|remove|delete|invite|create|write|save|overwrite|read|replace|liste|listar|mostre|remova|exclua|convide|crie|criar|escreva|salve|leia|ler|substitua)\b)/i;

/** Parts that each are a wish. A part that is none belongs to the one before: file contents may say anything. */
function splitClauses(text: string): string[] {
  const clauses: string[] = [];
  let rest = text;
  for (let from = 0; ; ) {
    const found = WISH_START.exec(rest.slice(from));
    if (found === null) return [...clauses, rest];
    const head = rest.slice(0, from + found.index);
    const tail = rest.slice(from + found.index + found[0].length);
    if (readClause(head) !== null && readClause(tail.split(WISH_START)[0] ?? "") !== null) {
      clauses.push(head);
      rest = tail;
      from = 0;
    } else {
      from += found.index + found[0].length;
    }
  }
}

const LIST =
  /^(?:list|show|get|who are|liste|listar|mostre|mostrar|quais são|quem são)\s+(?:me\s+)?(?:all\s+|todos\s+)?(?:of\s+)?(?:the\s+|our\s+|os\s+)?(?:members|membros|sócios)\b/i;
const SHOW =
  /^(?:(?:show|get|find|mostre|mostrar|busque)\s+(?:me\s+)?(?:the\s+|o\s+|a\s+)?(?:member|membro|sócio|sócia)|who is|quem é)\s+(.+)$/i;
const REMOVE =
  /^(?:remove|delete|remova|remover|exclua|excluir)\s+(?:the\s+|o\s+|a\s+)?(?:member\s+|membro\s+|sócio\s+|sócia\s+)?(.+)$/i;
const INVITE = /^(?:invite|convide|convidar)\s+(.+)$/is;
const EMAIL = /[^\s<>,;()]+@[^\s<>,;()]+[^\s<>,;().!?]/;
const WRITE = new RegExp(
  String.raw`^(?<verb>create|write|make|save|overwrite|replace|crie|criar|escreva|salve|grave|sobrescreva|substitua)\s+` +
    String.raw`(?:an?\s+|the\s+|um\s+|o\s+)?(?:new\s+|novo\s+)?(?:file|arquivo|ficheiro)\s+(?<path>"[^"]+"|\S+)\s+(?:with|com)\s+` +
    String.raw`(?:(?<lines>\d{1,6})\s+(?:lines|linhas)\b|(?:the\s+|o\s+)?(?:content|contents|text|conteúdo|texto)\s*:?\s+(?<content>.+))`,
  "is",
);

const LIST_FILES =
  /^(?:list|show|get|what are|which are|liste|listar|mostre|mostrar|quais são)\s+(?:me\s+)?(?:all\s+|todos\s+)?(?:of\s+)?(?:my\s+|the\s+|our\s+|os\s+)?(?:meus\s+)?(?:files|arquivos|ficheiros)\b/i;
const READ =
  /^(?:read|show|open|leia|ler|mostre|abra)\s+(?:me\s+)?(?:the\s+|my\s+|o\s+)?(?:file|arquivo|ficheiro)\s+("[^"]+"|\S+?)[.!?]?$/i;
const EDIT =
  /^(?:replace|change|substitua|troque)\s+(?<old>"[^"]+"|.+?)\s+(?:by|with|to|por)\s+(?<new>"[^"]*"|.+?)\s+(?:in|no|em)\s+(?:the\s+)?(?:file\s+|arquivo\s+|ficheiro\s+)?(?<path>"[^"]+"|\S+?)[.!?]?$/is;

/** Calls that no careful model would make. */
const MISTAKES: readonly [RegExp, { name: string; input: Record<string, unknown> }][] = [
  [/^(?:call|chame)\b.*\b(?:unknown|desconhecid[ao])\b/i, { name: "members__member_promote", input: { member_id: 1 } }],
  [
    /^(?:send|envie)\b.*\b(?:invalid|inválid[ao])\b/i,
    { name: "workspace__write_file", input: { path: 42, contents: "neither the right type nor the right name" } },
  ],
  [
    /^(?:write|escreva)\b.*\b(?:outside|fora)\b/i,
    { name: "workspace__write_file", input: { path: "../escape.txt", content: "This must never be written.\n" } },
  ],
];

function readClause(clause: string): Wish | null {
  const text = clause.trim();
  const mistake = MISTAKES.find(([pattern]) => pattern.test(text))?.[1];
  if (mistake !== undefined) return { type: "call", ...mistake };
  if (LIST.test(text)) return { type: "list_members" };
  const write = WRITE.exec(text)?.groups;
  if (write !== undefined) return writeWish(write);
  if (LIST_FILES.test(text)) return { type: "list_files" };
  const read = READ.exec(text)?.[1];
  if (read !== undefined) return { type: "read_file", path: unquote(read) };
  const edit = EDIT.exec(text)?.groups;
  if (edit !== undefined) return editWish(edit);
  const shown = SHOW.exec(text)?.[1];
  if (shown !== undefined) return { type: "show_member", who: whoOf(shown) };
  const removed = REMOVE.exec(text)?.[1];
  if (removed !== undefined) return { type: "remove_member", who: whoOf(removed) };
  const invited = INVITE.exec(text)?.[1];
  return invited === undefined ? null : inviteWish(invited);
}

function writeWish(groups: Record<string, string | undefined>): Wish {
  const { verb = "", path = "", lines, content = "" } = groups;
  return {
    type: "write_file",
    path: unquote(path),
    content:
      lines === undefined ? unquote(content.trim()) : numberedLines(Math.min(100_000, Math.max(1, Number(lines)))),
    overwrite: /^(?:overwrite|replace|sobrescreva|substitua)$/i.test(verb),
  };
}

function editWish(groups: Record<string, string | undefined>): Wish {
  const { path = "", old = "", new: made = "" } = groups;
  return { type: "edit_file", path: unquote(path), oldText: unquote(old), newText: unquote(made) };
}

function inviteWish(text: string): Wish | null {
  const email = EMAIL.exec(text)?.[0];
  if (email === undefined) return null;
  const words = text
    .replace(email, " ")
    .replace(/\b(?:as|named|called|member|chamad[oa]|o|a|with|com|e-?mail|membro)\b|[<>(),;]/gi, " ");
  const name = words
    .replace(/[.!?]\s*$/, "")
    .replace(/\s+/g, " ")
    .trim();
  return { type: "invite_member", email, name: name === "" ? nameFromEmail(email) : name };
}

/** ada.byron@example.org -> Ada Byron */
function nameFromEmail(email: string): string {
  const words = (email.split("@")[0] ?? "").split(/[._-]+/).filter((word) => word !== "");
  return words.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`).join(" ");
}

/** “number 4”, “#4”, “Ada Byron.” -> 4, Ada Byron */
function whoOf(text: string): string {
  return unquote(text.trim().replace(/[.!?]+$/, "")).replace(
    /^(?:number|id|no\.?|n[ºo°]|número)?\s*#?\s*(?=\d+$)/i,
    "",
  );
}

function unquote(text: string): string {
  return /^(["'`“])(.*)(["'`”])$/s.exec(text)?.[2] ?? text;
}

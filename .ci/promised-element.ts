// What the contract promises of <chat-bot>, name by name, held against the manifest made from the source.

/** The parts of a custom elements manifest that are looked at here. */
export interface ElementManifest {
  modules: { declarations?: ElementDeclaration[] }[];
}

interface ElementDeclaration {
  tagName?: string;
  attributes?: Named[];
  events?: Named[];
  slots?: Named[];
  cssParts?: Named[];
  cssProperties?: Named[];
  members?: (Named & { kind: string; privacy?: string })[];
}

interface Named {
  name: string;
  description?: string;
}

const ATTRIBUTES = [
  "endpoint",
  "token",
  "token-url",
  "mode",
  "position",
  "open",
  "color-scheme",
  "lang",
  "heading",
  "greeting",
  "placeholder",
  "conversation-id",
  "persist",
];
const PROPERTIES = ["tokenProvider", "suggestions", "strings", "page"];
const METHODS = ["show", "hide", "toggle", "send", "cancel", "newConversation", "approve", "deny"];
const EVENTS = ["open", "close", "message", "tool-request", "tool-result", "turn-end", "error", "link"];
const SLOTS = ["launcher", "header", "empty", "footer"];
// Every HTML element has this property.
const INHERITED = new Set(["lang"]);

/** One sentence for each promise that the manifest does not show; none when it keeps them all. */
export function brokenPromises(manifest: ElementManifest): string[] {
  const element = manifest.modules
    .flatMap(({ declarations = [] }) => declarations)
    .find(({ tagName }) => tagName === "chat-bot");
  if (element === undefined) return ["The manifest has no element <chat-bot>."];
  const { attributes, events, slots, members = [], cssParts = [], cssProperties = [] } = element;
  const open = members.filter(({ privacy = "public" }) => privacy === "public");
  const fields = ATTRIBUTES.map(camelCase).filter((name) => !INHERITED.has(name));
  return [
    ...missing("attribute", ATTRIBUTES, attributes),
    ...missing("property", [...fields, ...PROPERTIES], ofKind(open, "field")),
    ...missing("method", METHODS, ofKind(open, "method")),
    ...missing(
      "event",
      EVENTS.map((name) => `chat-bot-${name}`),
      events,
    ),
    ...missing("slot", SLOTS, slots),
    ...(cssParts.length === 0 ? ["The element has no CSS part."] : []),
    ...(cssProperties.some(({ name }) => name.startsWith("--chat-bot-"))
      ? []
      : ["The element has no --chat-bot-* property."]),
    ...[...cssParts, ...cssProperties, ...(slots ?? []), ...(events ?? [])]
      .filter(({ description }) => !description)
      .map(({ name }) => `${name} is listed without a description.`),
  ];
}

function missing(kind: string, promised: readonly string[], shown: readonly Named[] = []): string[] {
  const names = new Set(shown.map(({ name }) => name));
  return promised
    .filter((name) => !names.has(name))
    .map((name) => `The ${kind} ${name} is promised and not in the manifest.`);
}

function ofKind<Member extends { kind: string }>(members: readonly Member[], kind: string): Member[] {
  return members.filter((member) => member.kind === kind);
}

function camelCase(name: string): string {
  return name.replace(/-(?<letter>[a-z])/g, (_, letter: string) => letter.toUpperCase());
}

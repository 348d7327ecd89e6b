import { CallLost } from "../src/tools/call-lost.ts";
import type { Tool, ToolCallContext, ToolCatalog, ToolOutput } from "../src/tools/tool.ts";

/** A tool that asks nobody and answers "ok", unless told otherwise. */
export function aTool(name: string, changes: Partial<Tool> = {}): Tool {
  return {
    name,
    server: name.split("__", 1)[0] ?? "",
    title: name,
    description: `Does ${name}.`,
    inputSchema: { type: "object" },
    annotations: {},
    rule: { permissions: [], approval: "never" },
    trusted: false,
    fingerprint: `fingerprint of ${name}`,
    repeatable: false,
    checkInput: () => null,
    run: () => Promise.resolve(text("ok")),
    ...changes,
  };
}

/** What a tool answers in words. */
export function text(words: string): ToolOutput {
  return { content: [{ type: "text", text: words }], isError: false };
}

/** A run that a test lets go on when it likes. */
export interface HeldRun {
  context: ToolCallContext;
  answer(output: ToolOutput): void;
}

/** Tools with every manner that a real one may have. */
export interface HandmadeTools extends ToolCatalog {
  list(): Promise<readonly Tool[]>;
  /** Inputs that `notes__write` was run with. */
  readonly written: Record<string, unknown>[];
  /** The next run of `notes__wait`. */
  nextHeld(): Promise<HeldRun>;
  /** Takes a tool out, or puts another one in its place. */
  replace(name: string, tool: Tool | null): void;
  /** Lets this process know what this tool's server has by now. */
  announce(name: string): void;
}

/** A catalog of handmade tools. */
export function createHandmadeTools(): HandmadeTools {
  const written: Record<string, unknown>[] = [];
  const held: HeldRun[] = [];
  const waiting: ((run: HeldRun) => void)[] = [];
  const hold = (context: ToolCallContext): Promise<ToolOutput> =>
    new Promise((resolve, reject) => {
      context.signal.addEventListener("abort", () => reject(context.signal.reason), { once: true });
      const run = { context, answer: resolve };
      const next = waiting.shift();
      if (next === undefined) held.push(run);
      else next(run);
    });
  const all: Tool[] = [
    aTool("notes__deaf", { run: () => new Promise(() => undefined) }),
    aTool("notes__fail", { run: () => Promise.resolve({ ...text("the disk is full"), isError: true }) }),
    aTool("notes__lose", { run: () => Promise.reject(new CallLost("gone")) }),
    aTool("notes__read", { run: (input) => Promise.resolve(text(`read ${String(input["path"])}`)) }),
    aTool("notes__secret", { rule: { permissions: ["notes:secret"], approval: "never" } }),
    aTool("notes__show", {
      async run(_input, context) {
        for (const chunk of ["one 😀 ", "two ", "three"]) await context.onDelta({ channel: "output", chunk });
        await context.onDelta({ channel: "file", path: "a.txt", chunk: "äöü" });
        await context.onDelta({ channel: "file", path: "b.txt", chunk: "b" });
        await context.onDelta({ channel: "file", path: "a.txt", chunk: "!" });
        await context.onDelta({ channel: "progress", chunk: "half", progress: 1, total: 2 });
        return text("shown");
      },
    }),
    aTool("notes__throw", { run: () => Promise.reject(new Error("secret path /etc/passwd")) }),
    aTool("notes__typing", { rule: { permissions: [], approval: "never", streamInput: true } }),
    aTool("notes__wait", { run: (_input, context) => hold(context) }),
    aTool("notes__wait_repeatable", { repeatable: true, run: (_input, context) => hold(context) }),
    aTool("notes__write", {
      rule: { permissions: [], approval: "always" },
      checkInput: (input) => (typeof input["path"] === "string" ? null : "path: must be a string"),
      run(input) {
        written.push(input);
        return Promise.resolve(text("written"));
      },
    }),
  ];
  const listeners = new Set<Parameters<ToolCatalog["onLoaded"]>[0]>();
  const tools = new Map(all.map((tool) => [tool.name, tool]));
  /** The operator's word outlives the tool. */
  const rules = new Map(all.map(({ name, rule }) => [name, rule]));
  return {
    written,
    nextHeld: () => {
      const run = held.shift();
      return run === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(run);
    },
    replace(name, tool) {
      if (tool === null) tools.delete(name);
      else tools.set(name, tool);
      if (tool !== null) rules.set(name, tool.rule);
    },
    announce(name) {
      const server = name.split("__", 1)[0] ?? "";
      const current = [...tools.values()].filter((tool) => tool.server === server);
      for (const listener of listeners) listener(server, current);
    },
    list: () => Promise.resolve([...tools.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))),
    ruleOf: (name) => rules.get(name) ?? null,
    onLoaded(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    health: () => new Map(),
    close: () => Promise.resolve(),
  };
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { createLogger, type Logger } from "./logger.ts";

/** Everything a logger wrote, as objects. */
function recorded(level = "debug"): { logger: Logger; lines: Record<string, unknown>[]; texts: string[] } {
  const texts: string[] = [];
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger(level, {
    write(text) {
      texts.push(text);
      lines.push(JSON.parse(text));
    },
  });
  return { logger, lines, texts };
}

function written(value: unknown): unknown {
  const { logger, lines } = recorded();
  logger.info({ value }, "test");
  return lines[0]?.["value"];
}

class ProviderError extends Error {
  readonly status = 400;
  readonly headers = {};
}

const VALUES: [title: string, value: unknown, expected: unknown][] = [
  ["a number", 1.5, 1.5],
  ["a boolean", false, false],
  ["null", null, null],
  ["nothing", undefined, undefined],
  ["a short text", "short", "short"],
  ["a text of 256 characters", "x".repeat(256), "x".repeat(256)],
  ["a longer text, cut", "x".repeat(257), `${"x".repeat(256)}…`],
  ["a huge text, cut", "x".repeat(1_000_000), `${"x".repeat(256)}…`],
  ["a structure, as text", { a: [1] }, '{"a":[1]}'],
  ["a function, by its type", () => 1, "function"],
  ["a big integer, by its type", 1n, "bigint"],
  ["line breaks, made harmless", "a\r\nb", "a��b"],
  ["terminal sequences, made harmless", "\u001b[2J\u009b1m", "�[2J�1m"],
  ["text turned around, made harmless", "\u202egnp.exe\u2066", "�gnp.exe�"],
  ["line separators, made harmless", "a\u2028b", "a�b"],
  ["a token, hidden", "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln!", "token [secret]!"],
  ["half a token, hidden", "eyJhbGciOiJIUzI1NiJ9.eyJzd", "[secret]"],
  ["a bearer header, hidden", "Authorization: Bearer abc.def", "Authorization: Bearer [secret]"],
  ["a provider's key, hidden", "key sk-ant-api03-abcdefgh", "key [secret]"],
  ["a password in a URL, hidden", "to postgres://app:p:a@ss@db:5432/chat!", "to postgres://app:[secret]@db:5432/chat!"],
  ["a password without a name, hidden", "redis://:hunter2@cache", "redis://:[secret]@cache"],
  ["a port in a URL", "http://127.0.0.1:4000/a@b", "http://127.0.0.1:4000/a@b"],
  ["a token in a structure, hidden", { authorization: "Bearer abc" }, '{"authorization":"Bearer [secret]"}'],
];

describe("The logger", () => {
  it.each(VALUES)("writes %s", (_title, value, expected) => {
    expect(written(value)).toEqual(expected);
  });

  it("writes one JSON line with time, level, fields and message", () => {
    const { logger, lines, texts } = recorded();
    logger.warn({ tool: "a\nb", attempts: 2 }, "tool server failed");
    expect(texts).toHaveLength(1);
    expect(texts[0]?.indexOf("\n")).toBe((texts[0]?.length ?? 0) - 1);
    expect(lines[0]).toEqual({
      level: 40,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      tool: "a�b",
      attempts: 2,
      msg: "tool server failed",
    });
  });

  it("writes only what its level asks for", () => {
    const { logger, lines } = recorded("warn");
    logger.debug({}, "one");
    logger.info({}, "two");
    logger.warn({}, "three");
    logger.error({}, "four");
    expect(lines.map((line) => line["msg"])).toEqual(["three", "four"]);
  });

  it("is quiet when told so", () => {
    const { logger, lines } = recorded("silent");
    logger.error({}, "one");
    expect(lines).toEqual([]);
  });

  it("survives what cannot be written", () => {
    const round: Record<string, unknown> = {};
    round["round"] = round;
    expect(written(round)).toBe("object");
  });

  it("tells an error's name, codes, message, place and cause", () => {
    const cause = Object.assign(new Error("connect refused"), { code: "ECONNREFUSED" });
    expect(written(new TypeError("fetch failed", { cause }))).toMatch(
      /^TypeError fetch failed at logger\.test\.ts:\d+:\d+ because of Error code=ECONNREFUSED connect refused at /,
    );
  });

  it("keeps a provider's message to itself: it may quote the conversation", () => {
    expect(written(new ProviderError("canary"))).toMatch(/^Error status=400 at logger\.test\.ts:/);
  });

  it("keeps a parser's message to itself: it quotes what it read", () => {
    let error: unknown;
    try {
      JSON.parse("canary");
    } catch (thrown) {
      error = thrown;
    }
    expect(written(error)).toMatch(/^SyntaxError at /);
  });

  it("gives one person one pseudonym, in this process only", () => {
    const [first, second] = [recorded().logger, recorded().logger];
    expect(first.pseudonym("ann")).toBe(first.pseudonym("ann"));
    expect(first.pseudonym("ann")).not.toBe(first.pseudonym("bob"));
    expect(first.pseudonym("ann")).not.toBe(second.pseudonym("ann"));
    expect(first.pseudonym("ann")).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe("a logger to standard output", () => {
  it("neither ends the process nor keeps it from its end when nobody reads it any more", async () => {
    const script = `
      import { createLogger } from ${JSON.stringify(new URL("logger.ts", import.meta.url).href)};
      const logger = createLogger("info");
      logger.info({}, "begun");
      process.stdin.on("data", () => {
        for (let line = 0; line < 10; line += 1) logger.info({ line }, "unread");
        setImmediate(() => {
          logger.info({}, "last");
          process.exit(7);
        });
      });`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const exit = once(child, "exit");
    await once(child.stdout, "data");
    child.stdout.destroy();
    await once(child.stdout, "close");
    child.stdin.write("go");
    expect(await exit).toEqual([7, null]);
  });
});

import { describe, expect, it } from "vitest";
import { GOOD_PATHS, HOSTILE_PATHS } from "../../../test/workspace/paths.ts";
import { parseWorkspacePath } from "./workspace-path.ts";

describe("parseWorkspacePath", () => {
  it.each(GOOD_PATHS)("takes %j apart", (path) => {
    expect(parseWorkspacePath(path)).toEqual({ names: path.split("/") });
  });

  describe.each(Object.entries(HOSTILE_PATHS))("refuses %s:", (_group, paths) => {
    it.each(paths)("%s", (_what, path) => {
      expect(parseWorkspacePath(path)).toEqual({ problem: expect.any(String) });
    });
  });

  it.each([".env", ".git/config", "a/.ssh/authorized_keys"])("takes %j where hidden files are allowed", (path) => {
    expect(parseWorkspacePath(path, { hiddenFiles: true })).toEqual({ names: path.split("/") });
  });

  it.each([".", "..", "...", "a/../b", "./a", ".chat-bot-x", "a/.Chat-Bot-x"])(
    "refuses %j even where hidden files are allowed",
    (path) => {
      expect(parseWorkspacePath(path, { hiddenFiles: true })).toEqual({ problem: expect.any(String) });
    },
  );
});

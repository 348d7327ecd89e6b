import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const PAGES = ["README.md", "demo/README.md", "server/deploy/README.md", "widget/README.md"];
const TEST_FOLDERS: Record<string, string> = {
  "test:faults": "server/test/faults",
  "test:cluster": "server/test/cluster",
};

interface NpmCommand {
  script: string;
  workspace: string;
  args: string[];
}

/** What a page tells to run, as `npm run <script>`, `npm start` or `npm test`. */
function commandsOf(page: string): NpmCommand[] {
  const found = readFileSync(page, "utf8").matchAll(
    /\bnpm (?:run (?:-s )?(?<name>[\w:-]+)|(?<short>test|start)\b)(?: -w (?<workspace>\w+))?(?: -- (?<args>[^`\n]+))?/g,
  );
  return Array.from(found, ({ groups: { name = "", short = "", workspace = ".", args = "" } = {} }) => {
    return {
      script: name === "" ? short : name,
      workspace,
      args: args
        .replace(/ {2,}#.*/, "")
        .split(" ")
        .filter(Boolean),
    };
  });
}

function scriptsOf(workspace: string): string[] {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(
    readFileSync(`${workspace}/package.json`, "utf8"),
  );
  return Object.keys(scripts);
}

test.each(PAGES)("%s names scripts that there are", (page) => {
  const commands = commandsOf(page);
  const missing = commands.filter(({ script, workspace }) => !scriptsOf(workspace).includes(script));
  expect(missing).toEqual([]);
  if (page === "README.md") expect(commands.length).toBeGreaterThan(20);
});

test("the README names tests that there are", () => {
  const missing = commandsOf("README.md").flatMap(({ script, args }) => {
    const folder = TEST_FOLDERS[script];
    if (folder === undefined) return [];
    const files = readdirSync(folder);
    return args.filter((name) => !files.includes(`${name}.test.ts`));
  });
  expect(missing).toEqual([]);
});

test("nobody who has only cloned the repository is told to run a package that the registry would be asked for", () => {
  const examples = PAGES.flatMap((page) => readFileSync(page, "utf8").match(/^ {4}.*\bnpx .*/gm) ?? []);
  expect(examples).toEqual([]);
});

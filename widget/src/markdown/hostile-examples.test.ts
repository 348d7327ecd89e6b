import { expect } from "@open-wc/testing";
import { HOSTILE_EXAMPLES } from "./hostile-examples.ts";
import type { HostileReport } from "./hostile-frame.ts";

/** Nothing but the page's own scripts; every request and every string given to a dangerous place is reported. */
const STRICT_POLICY = `default-src 'none'; script-src ${location.origin}; require-trusted-types-for 'script'; trusted-types chat-bot chat-bot-lit dompurify`;

/** A page of its own that runs hostile-frame.ts under a policy, and what it found. */
async function runFrame(policy: string | null): Promise<HostileReport> {
  const meta = policy === null ? "" : `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
  const script = new URL("./hostile-frame.ts", import.meta.url).href;
  const frame = document.createElement("iframe");
  frame.srcdoc = `<!doctype html><meta charset="utf-8">${meta}<body><script type="module" src="${script}"></script>`;
  let loads = 0;
  frame.addEventListener("load", () => {
    loads += 1;
  });
  const report = new Promise<HostileReport>((resolve, reject) => {
    window.addEventListener("message", function receive(event) {
      if (event.source !== frame.contentWindow) return;
      window.removeEventListener("message", receive);
      if (event.data.report === undefined) reject(new Error(event.data.problem));
      else resolve(event.data.report);
    });
  });
  document.body.append(frame);
  const found = await report;
  expect(loads, "the frame went elsewhere").to.equal(1);
  expect(frame.contentWindow?.location.href).to.equal("about:srcdoc");
  frame.remove();
  return found;
}

describe("MarkdownDocument, with hostile text,", () => {
  it("has at least 150 cases, each with a name of its own", () => {
    expect(HOSTILE_EXAMPLES.length).to.be.greaterThan(150);
    expect(new Set(HOSTILE_EXAMPLES.map(([title]) => title)).size).to.equal(HOSTILE_EXAMPLES.length);
  });

  for (const [title, policy] of [
    ["on a page without policy", null],
    ["under a strict policy with Trusted Types", STRICT_POLICY],
  ] as const) {
    it(`does nothing but show text ${title}, at every letter of every case`, async () => {
      const report = await runFrame(policy);
      expect(report.examples).to.equal(HOSTILE_EXAMPLES.length);
      expect(report.prefixes).to.equal(HOSTILE_EXAMPLES.reduce((sum, [, markdown]) => sum + markdown.length, 0));
      expect(report.problems).to.deep.equal([]);
      expect(report.violations).to.deep.equal([]);
      expect(report.requests).to.deep.equal([]);
      expect(report.didRun).to.equal(false);
      // Ordinary Markdown is shown all the same, and the watch is not blind.
      expect(report.ordinary).to.contain("<h2>a</h2>").and.to.contain('<a href="https://example.com/"');
      expect(report.ordinary).to.contain("<kbd>c</kbd>");
      expect(report.control.problems).to.be.greaterThan(0);
      expect(policy === null ? report.control.requests : report.control.violations).to.be.greaterThan(0);
    }).timeout(60_000);
  }

  it("would find something in most cases if they were parsed as HTML", () => {
    const live = HOSTILE_EXAMPLES.filter(([, markdown]) => {
      const { body } = new DOMParser().parseFromString(markdown, "text/html");
      return body.querySelector("*") !== null;
    });
    expect(live.length).to.be.greaterThan(80);
  });
});

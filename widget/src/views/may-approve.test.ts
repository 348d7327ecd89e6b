import { expect, fixtureSync, html } from "@open-wc/testing";
import { type FramedPage, framedPage, mayApprove } from "./may-approve.ts";

const OWN = "https://shop.example";

/** A page and those around it, from the parent to the top, as a browser that tells their origins shows them. */
function framedBy(...around: string[]): FramedPage {
  return { origin: OWN, around };
}

describe("mayApprove", () => {
  const cases: [title: string, page: FramedPage, listed: string | null, expected: boolean][] = [
    ["allows a page that stands by itself", framedBy(), null, true],
    ["allows frames of the page's own origin", framedBy(OWN, OWN), null, true],
    ["refuses a frame of another site", framedBy("https://evil.example"), null, false],
    [
      "allows a frame of a listed origin",
      framedBy("https://portal.example"),
      "https://a.example https://portal.example",
      true,
    ],
    [
      "takes a listed address for its origin",
      framedBy("https://portal.example"),
      "https://portal.example:443/home",
      true,
    ],
    [
      "refuses a listed frame in one that is not",
      framedBy("https://portal.example", "https://evil.example"),
      "https://portal.example",
      false,
    ],
    ["refuses another scheme", framedBy("http://portal.example"), "https://portal.example", false],
    ["refuses another port", framedBy("https://portal.example:8443"), "https://portal.example", false],
    ["refuses a subdomain", framedBy("https://evil.portal.example"), "https://portal.example", false],
    ["knows no wildcards", framedBy("https://portal.example"), "* https://*.example", false],
    ["refuses a page without an origin, even where that is listed", framedBy("null"), "null", false],
    ["refuses a page without an origin around another one", { origin: "null", around: ["null"] }, null, false],
    ["refuses where the browser does not tell", { origin: OWN, around: null }, "https://portal.example", false],
  ];
  for (const [title, page, listed, expected] of cases) {
    it(title, () => {
      expect(mayApprove(page, listed)).to.equal(expected);
    });
  }

  it("knows the page it is on", () => {
    expect(framedPage(window)).to.deep.equal({ origin: location.origin, around: [] });
  });

  it("knows a page in a frame", () => {
    const page = fixtureSync<HTMLIFrameElement>(html`<iframe></iframe>`).contentWindow;
    expect(page === null ? null : framedPage(page).around).to.deep.equal([location.origin]);
  });

  it("looks for itself where the browser does not tell", () => {
    const top = {
      location: { origin: OWN },
      origin: OWN,
      get parent(): unknown {
        return this;
      },
    };
    const near = { location: { origin: OWN }, origin: OWN, parent: top };
    const stranger = {
      get location(): unknown {
        throw new DOMException("", "SecurityError");
      },
      parent: top,
    };
    expect(framedPage(near as unknown as Window).around).to.deep.equal([OWN]);
    expect(framedPage({ ...near, parent: stranger } as unknown as Window).around).to.equal(null);
  });
});

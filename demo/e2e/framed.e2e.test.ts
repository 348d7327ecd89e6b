import { createServer, type Server } from "node:http";
import type { FrameLocator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Demo } from "../src/create-demo.ts";
import { listenOnLoopback } from "../src/listen-on-loopback.ts";
import { type DemoBrowser, startDemoBrowser } from "./demo-browser.ts";

let started: DemoBrowser;
let demo: Demo;
let server: Server;
let page: Page;
/** The page with the element, and the page of another site that shows it in a frame: two names of one machine. */
let shop: string;
let portal: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? "/", shop);
    response.setHeader("Content-Type", "text/html");
    response.end(
      pathname === "/portal"
        ? `<!doctype html><iframe src="${shop}/shop${search}" style="width: 700px; height: 760px"></iframe>`
        : "<!doctype html><html lang='en'><body></body></html>",
    );
  });
  const url = new URL(await listenOnLoopback(server, 0));
  portal = url.origin;
  shop = `http://localhost:${url.port}`;
  started = await startDemoBrowser({ delayMs: 0, env: { ALLOWED_ORIGINS: shop } });
  demo = started.demo;
  page = await started.browser.newPage({ viewport: { width: 760, height: 800 } });
});

afterAll(async () => {
  await started.stop();
  server.close();
});

/** The element on the framed page, signed in as on the demo's own site, with a question waiting. */
async function askInFrame(search: string): Promise<FrameLocator> {
  await page.goto(demo.hostUrl);
  const signIn = page.getByRole("button", { name: "Sign in as admin" });
  if (await signIn.isVisible()) await signIn.click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
  const token = await page.evaluate(async () => (await fetch("/chat-token")).json());
  await page.goto(`${portal}/portal${search}`);
  const frame = page.frames().find((candidate) => candidate.url().startsWith(shop));
  await frame?.addScriptTag({ url: `${demo.bffUrl}/widget/chat-bot.js` });
  await frame?.evaluate(
    ({ bffUrl, issued, listed }) => {
      const element = document.createElement("chat-bot");
      element.setAttribute("endpoint", `${bffUrl}/api/chatbot`);
      element.setAttribute("frame-ancestors", listed);
      element.setAttribute("token", issued);
      element.setAttribute("persist", "none");
      element.setAttribute("open", "");
      document.body.append(element);
    },
    { bffUrl: demo.bffUrl, issued: token.token, listed: search === "" ? "" : portal },
  );
  const framed = page.frameLocator("iframe");
  await framed.getByRole("textbox").fill(`Create a file notes/framed${search.length}.txt with content Hello`);
  await framed.getByRole("textbox").press("Enter");
  await framed.getByRole("alertdialog").waitFor();
  return framed;
}

test("A page in a frame of another site approves nothing, says why, and denies", async () => {
  const framed = await askInFrame("");
  await framed.getByText("shown inside another site").waitFor();
  expect(await framed.getByRole("link", { name: "Open the page by itself" }).getAttribute("href")).toBe(`${shop}/shop`);
  const approve = framed.getByRole("button", { name: "Approve" });
  await approve.click({ force: true });
  expect(await approve.getAttribute("aria-disabled")).toBe("true");
  await framed.getByRole("button", { name: "Deny" }).click();
  await framed.getByText("Denied").first().waitFor();
});

test("A page in a frame of a site that it lists approves", async () => {
  const framed = await askInFrame("?listed");
  await framed.getByRole("button", { name: "Approve" }).and(framed.locator("[aria-disabled=false]")).click();
  await framed.getByText(/^Done/).first().waitFor();
});

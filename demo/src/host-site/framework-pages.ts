import { randomBytes } from "node:crypto";
import { Router } from "@koa/router";
import { bundleFrameworkPage, type PageScripts } from "./bundle-framework-page.ts";
import { Html, html } from "./html.ts";
import { brand, layout } from "./layout.ts";

interface FrameworkPage {
  title: string;
  /** What is to be seen there. */
  shows: string;
  /** The page's own HTML loads the element, not its bundle. */
  hasScriptTag?: true;
  /** Compiles its templates in the browser, for which it needs `eval`. */
  needsEval?: true;
}

/** By folder of `demo/frameworks`. */
const PAGES: ReadonlyMap<string, FrameworkPage> = new Map<string, FrameworkPage>([
  ["html", { title: "HTML", shows: "one script tag; properties set before the element is there", hasScriptTag: true }],
  ["react", { title: "React 19", shows: "properties, events and a ref in JSX, with types" }],
  ["vue", { title: "Vue 3", shows: "a single-file component; events by @, properties by their names" }],
  ["svelte", { title: "Svelte 5", shows: "runes, bind:this and event attributes" }],
  ["angular", { title: "Angular", shows: "CUSTOM_ELEMENTS_SCHEMA, property and event bindings", needsEval: true }],
  ["cms", { title: "CMS", shows: "a script that another script puts into a page which draws itself anew" }],
]);

export interface FrameworkPagesOptions {
  /** Origin of the chat-bot server. */
  botOrigin: string;
}

/** `/frameworks`: the assistant in pages made in different ways, one folder of `demo/frameworks` each. */
export function frameworkPages({ botOrigin }: FrameworkPagesOptions): Router {
  const router = new Router({ prefix: "/frameworks" });
  const bundles = new Map<string, Promise<PageScripts>>();

  router.get("/", (ctx) => {
    ctx.set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'");
    ctx.type = "text/html";
    ctx.body = listPage();
  });

  router.get("/:name", (ctx) => {
    const name = ctx.params["name"] ?? "";
    const page = PAGES.get(name);
    if (page === undefined) return;
    const nonce = randomBytes(16).toString("base64");
    ctx.set("Content-Security-Policy", contentSecurityPolicy(botOrigin, nonce, page));
    ctx.type = "text/html";
    ctx.body = frameworkPage(name, page, botOrigin, nonce);
  });

  router.get("/:name/:file", async (ctx) => {
    const { name = "", file = "" } = ctx.params;
    if (!PAGES.has(name)) return;
    const bundle = bundles.get(name) ?? bundleFrameworkPage(name);
    bundles.set(name, bundle);
    const script = (await bundle).get(file);
    if (script === undefined) return;
    ctx.type = "text/javascript";
    ctx.body = Buffer.from(script);
  });

  return router;
}

function contentSecurityPolicy(botOrigin: string, nonce: string, { needsEval }: FrameworkPage): string {
  return [
    "default-src 'none'",
    `script-src 'self' ${botOrigin} 'nonce-${nonce}'${needsEval === true ? " 'unsafe-eval'" : ""}`,
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${botOrigin}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

function listPage(): string {
  const links = [...PAGES].map(
    ([name, { title, shows }]) => html`<li><a href="/frameworks/${name}">${title}</a>: ${shows}</li>`,
  );
  return layout(
    "In frameworks",
    html`<header>${brand}</header>
    <main>
      <section class="hero"><h1>The assistant in other pages</h1></section>
      <section><ul>${links}</ul></section>
    </main>`,
  );
}

function frameworkPage(name: string, page: FrameworkPage, botOrigin: string, nonce: string): string {
  const scriptTag = html`<script nonce="${nonce}" src="${botOrigin}/widget/chat-bot.js" async></script>`;
  return layout(
    page.title,
    html`<header>${brand} <a href="/frameworks">Other pages</a></header>
    <main>
      <section class="hero">
        <h1>${page.title}</h1>
        <p>Shows ${page.shows}. Below are the events that the page has heard.</p>
      </section>
      <section id="page" class="framework" data-endpoint="${botOrigin}/api/chatbot"></section>
    </main>
    ${page.hasScriptTag === true ? scriptTag : new Html("")}
    <script nonce="${nonce}" type="module" src="/frameworks/${name}/main.js"></script>`,
  );
}

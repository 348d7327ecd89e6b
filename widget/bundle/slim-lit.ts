/**
 * Lit for this widget: without what its views do not use – attributes, styles, names on `globalThis` – and with a
 * Trusted Types policy of our own. Lit makes its policy when it is imported, under a name that another Lit on the page
 * may have taken, and the import fails. Here the name is ours, and without permission templates are built node by node.
 */
import { fileURLToPath } from "node:url";
import type { Plugin } from "rollup";

const TEMPLATES = fileURLToPath(new URL("../src/lit-template.ts", import.meta.url));

type Edit = readonly [before: string | RegExp, after: string];

const EDITS: Record<string, readonly Edit[]> = {
  "/lit-html/lit-html.js": [
    [/^/, `import{litPolicy,fillTemplate}from${JSON.stringify(TEMPLATES)};`],
    ['e=s?s.createPolicy("lit-html",{createHTML:t=>t}):void 0', "e=litPolicy"],
    ["s.innerHTML=t,s", "fillTemplate(s,t),s"],
    ["B=t.litHtmlPolyfillSupport;B?.(S,k),(t.litHtmlVersions??=[]).push(", "B=("],
  ],
  "/@lit/reactive-element/reactive-element.js": [
    [/^import\{[^}]*\}from"\.\/css-tag\.js";export\{[^}]*\}from"\.\/css-tag\.js";/, "const t=0,s=0;"],
    [/,l=c\?c\.emptyScript:"",p=a\.reactiveElementPolyfillSupport/, ""],
    [/u=\{toAttribute[\s\S]*?return i\}\},(?=f=)/, "u=0,"],
    ['Symbol.metadata??=Symbol("metadata"),a.litPropertyMetadata??=new WeakMap;', ""],
    // A view that did want an attribute would do without it silently.
    ["if(s.state&&(s.attribute=!1),", "if(!s.state&&s.attribute!==!1)throw Error(t);if("],
    [
      "static get observedAttributes(){return this.finalize(),this._$Eh&&[...this._$Eh.keys()]}",
      "static get observedAttributes(){return this.finalize(),[]}",
    ],
    [
      /const t=this\[Symbol\.metadata\];[\s\S]*?this\.elementStyles=this\.finalizeStyles\(this\.styles\)\}static finalizeStyles[\s\S]*?(?=constructor\(\))/,
      "}",
    ],
    [/createRenderRoot\(\)\{[\s\S]*?\}(?=connectedCallback)/, ""],
    // Without it browsers do not ask for the observed attributes when an element is defined, and nothing is finalised.
    [/attributeChangedCallback\(t,s,i\)[\s\S]*?(?=requestUpdate\()/, "attributeChangedCallback(){}"],
    ["||i.useDefault&&i.reflect&&h===this._$Ej?.get(t)&&!this.hasAttribute(r._$Eu(t,i))", ""],
    [
      /C\(t,s,\{useDefault:i,reflect:e,wrapped:h\},r\)\{[\s\S]*?\}(?=async _\$EP)/,
      "C(t,s){this._$AL.has(t)||(this.hasUpdated||(s=void 0),this._$AL.set(t,s))}",
    ],
    ["this._$Eq&&=this._$Eq.forEach(t=>this._$ET(t,this[t])),", ""],
    [',p?.({ReactiveElement:y}),(a.reactiveElementVersions??=[]).push("2.1.2")', ""],
  ],
  "/lit-element/lit-element.js": [
    [
      "createRenderRoot(){const t=super.createRenderRoot();return this.renderOptions.renderBefore??=t.firstChild,t}",
      "",
    ],
    [",s.litElementHydrateSupport?.({LitElement:i});const o=s.litElementPolyfillSupport;o?.({LitElement:i});", ";"],
    ['(s.litElementVersions??=[]).push("4.2.2");', ""],
  ],
};

/** Reduces Lit where it is bundled. Throws when Lit has changed. */
export function slimLit(): Plugin {
  return {
    name: "slim-lit",
    transform(code, id) {
      const edits = Object.entries(EDITS).find(([file]) => id.endsWith(file))?.[1];
      if (edits === undefined) return null;
      return { code: edits.reduce(edited, code), map: { mappings: "" } };
    },
  };
}

function edited(code: string, [before, after]: Edit): string {
  const result = code.replace(before, () => after);
  if (result === code) throw new Error(`Lit has changed: ${before} is not in it.`);
  return result;
}

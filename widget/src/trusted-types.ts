/** As much of a Trusted Types policy as we use. */
export interface HtmlPolicy {
  createHTML(html: string): unknown;
  createScriptURL(url: string): unknown;
}

/** `unneeded`: the browser has no Trusted Types. `forbidden`: the page does not allow a policy of this name. */
type PolicyGrant = { status: "unneeded" } | { status: "forbidden" } | { status: "granted"; policy: HtmlPolicy };

interface PolicyFactory {
  createPolicy(name: string, rules: HtmlPolicy): HtmlPolicy;
}

/** Asks the page for a policy. It passes HTML on as it is: what may be given to it is for the caller to know. */
export function requestPolicy(name: string): PolicyGrant {
  const factory: PolicyFactory | undefined = Reflect.get(globalThis, "trustedTypes");
  if (factory === undefined) return { status: "unneeded" };
  try {
    return {
      status: "granted",
      policy: factory.createPolicy(name, { createHTML: (html) => html, createScriptURL: () => "" }),
    };
  } catch {
    return { status: "forbidden" };
  }
}

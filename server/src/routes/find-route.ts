import type Router from "@koa/router";
import type { Middleware } from "koa";
import { ChatError } from "../errors.ts";

/**
 * First of all checks: an unknown path is 404, a known one with another method 405, whoever asks. Leaves the route's
 * pattern in `ctx.state.route`. `OPTIONS` is answered here, but for a preflight, which is the next stage's.
 */
export function findRoute(router: Pick<Router, "match">): Middleware<{ route?: string }> {
  return async function matchRoute(ctx, next) {
    const { path, pathAndMethod } = router.match(ctx.path, ctx.method);
    // The router's own `use()` layers match every path and have no methods.
    const known = path.filter((layer) => layer.methods.length > 0);
    if (known.length === 0) throw new ChatError("not_found");
    const [first] = known;
    if (first !== undefined) ctx.state.route = String(first.path);
    const isPreflight = ctx.method === "OPTIONS" && ctx.get("Origin") !== "";
    if (isPreflight || pathAndMethod.some((layer) => layer.methods.length > 0)) return next();
    ctx.set("Allow", [...new Set(["OPTIONS", ...known.flatMap((layer) => layer.methods)])].toSorted().join(", "));
    if (ctx.method !== "OPTIONS") throw new ChatError("method_not_allowed");
    ctx.status = 204;
  };
}

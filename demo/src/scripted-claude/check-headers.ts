import type { IncomingHttpHeaders } from "node:http";
import { ApiError, invalid } from "./api-error.ts";

/** The version whose shapes messages-schema.ts knows. */
const API_VERSION = "2026-10-21";

/** Who asks, in which version and format. Any key will do unless one is given. @throws ApiError */
export function checkHeaders(headers: IncomingHttpHeaders, apiKey: string | undefined): void {
  const key = /^Bearer (\S+)$/.exec(headers.authorization ?? "")?.[1] ?? headers["x-api-key"];
  if (key === undefined || key === "") {
    throw new ApiError("authentication_error", "x-api-key header is required");
  }
  if (apiKey !== undefined && key !== apiKey) throw new ApiError("authentication_error", "invalid x-api-key");
  const version = headers["anthropic-version"];
  if (version === undefined) throw invalid("anthropic-version: header is required");
  if (version !== API_VERSION) throw invalid(`anthropic-version: "${String(version)}" is not a valid version`);
  if (!/^application\/json\s*(;|$)/i.test(headers["content-type"] ?? "")) {
    throw invalid("content-type: must be application/json");
  }
}

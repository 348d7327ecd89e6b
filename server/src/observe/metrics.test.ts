import { describe, expect, it } from "vitest";
import { createMetrics, type Metrics } from "./metrics.ts";

function metricsWith(streams: number, servers: [string, string][] = []): Metrics {
  return createMetrics({ openStreams: () => streams, isDegraded: () => false, toolServers: () => new Map(servers) });
}

async function linesOf(metrics: Metrics): Promise<string[]> {
  return (await metrics.text()).split("\n").filter((line) => line.startsWith("chatbot_"));
}

describe("The metrics", () => {
  it("count what happens", async () => {
    const metrics = metricsWith(0);
    metrics.requests.inc({ route: "/api/chatbot/message", status: "200" });
    metrics.requests.inc({ route: "/api/chatbot/message", status: "200" });
    metrics.turns.inc({ reason: "end_turn" });
    metrics.tokens.inc({ kind: "input" }, 12);
    metrics.tokens.inc({ kind: "cache_read" }, 34);
    metrics.toolCalls.inc({ outcome: "ok" });
    metrics.approvals.inc({ decision: "denied" });
    metrics.providerRepeats.inc({ code: "provider_overloaded" });
    metrics.turnSeconds.observe(3);
    expect(await linesOf(metrics)).toEqual(
      expect.arrayContaining([
        'chatbot_requests_total{route="/api/chatbot/message",status="200"} 2',
        'chatbot_turns_total{reason="end_turn"} 1',
        'chatbot_tokens_total{kind="input"} 12',
        'chatbot_tokens_total{kind="cache_read"} 34',
        'chatbot_tool_calls_total{outcome="ok"} 1',
        'chatbot_approvals_total{decision="denied"} 1',
        'chatbot_provider_repeats_total{code="provider_overloaded"} 1',
        'chatbot_turn_duration_seconds_bucket{le="2"} 0',
        'chatbot_turn_duration_seconds_bucket{le="5"} 1',
      ]),
    );
  });

  it("read open streams and tool servers when they are asked", async () => {
    const metrics = metricsWith(3, [
      ["members", "connected"],
      ["files", "failed"],
    ]);
    expect(await linesOf(metrics)).toEqual(
      expect.arrayContaining([
        "chatbot_open_streams 3",
        'chatbot_tool_server_up{server="members"} 1',
        'chatbot_tool_server_up{server="files"} 0',
      ]),
    );
  });

  it("tell how much of the input came from the prompt cache, whatever of it was told first", async () => {
    const metrics = metricsWith(0);
    expect(await linesOf(metrics)).toContain("chatbot_cache_read_ratio 0");
    metrics.tokens.inc({ kind: "input" }, 5);
    metrics.tokens.inc({ kind: "cache_creation" }, 20);
    metrics.tokens.inc({ kind: "cache_read" }, 75);
    metrics.tokens.inc({ kind: "output" }, 900);
    expect(await linesOf(metrics)).toContain("chatbot_cache_read_ratio 0.75");
  });

  it("stand side by side in one process", async () => {
    const [first, second] = [metricsWith(1), metricsWith(2)];
    first.turns.inc({ reason: "cancelled" });
    expect(await linesOf(second)).not.toContain('chatbot_turns_total{reason="cancelled"} 1');
  });

  it("tell their media type", () => {
    expect(metricsWith(0).contentType).toMatch(/^text\/plain; version=/);
  });
});

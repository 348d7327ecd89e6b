import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** Counters of this process. Every label has few, fixed values: nothing a user sends becomes a label. */
export interface Metrics {
  requests: Counter<"route" | "status">;
  turns: Counter<"reason">;
  turnSeconds: Histogram;
  tokens: Counter<"kind">;
  toolCalls: Counter<"outcome">;
  approvals: Counter<"decision">;
  providerRepeats: Counter<"code">;
  faults: Counter<"where">;
  /** Prometheus text, and its media type. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** What is read when somebody asks. */
export interface MetricsSources {
  openStreams(): number;
  isDegraded(): boolean;
  toolServers(): ReadonlyMap<string, string>;
}

/** A registry of its own, so that several servers can live in one process. */
export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const openStreams = new Gauge({
    name: "chatbot_open_streams",
    help: "Event streams that are open now.",
    registers: [],
    collect() {
      this.set(sources.openStreams());
    },
  });
  const degraded = new Gauge({
    name: "chatbot_degraded",
    help: "1 while this process goes on without what all replicas share.",
    registers: [],
    collect() {
      this.set(sources.isDegraded() ? 1 : 0);
    },
  });
  const toolServerUp = new Gauge({
    name: "chatbot_tool_server_up",
    help: "1 while a configured tool server is connected.",
    labelNames: ["server"],
    registers: [],
    collect() {
      for (const [server, state] of sources.toolServers()) this.set({ server }, state === "connected" ? 1 : 0);
    },
  });
  const tokens = new Counter({
    name: "chatbot_tokens_total",
    help: "Tokens of model calls by kind.",
    labelNames: ["kind"],
    registers,
  });
  const cacheReadRatio = new Gauge({
    name: "chatbot_cache_read_ratio",
    help: "Share of the input that was read from the prompt cache since the start of this process, 0 to 1.",
    registers: [],
    async collect() {
      const { values } = await tokens.get();
      const of = (kind: string): number => values.find(({ labels }) => labels.kind === kind)?.value ?? 0;
      const input = of("input") + of("cache_read") + of("cache_creation");
      this.set(input === 0 ? 0 : of("cache_read") / input);
    },
  });
  for (const gauge of [openStreams, degraded, toolServerUp, cacheReadRatio]) registry.registerMetric(gauge);
  return {
    requests: new Counter({
      name: "chatbot_requests_total",
      help: "Answered requests by route and status.",
      labelNames: ["route", "status"],
      registers,
    }),
    turns: new Counter({
      name: "chatbot_turns_total",
      help: "Ended turns by reason.",
      labelNames: ["reason"],
      registers,
    }),
    turnSeconds: new Histogram({
      name: "chatbot_turn_duration_seconds",
      help: "From the message to the end of its turn, waiting for people included.",
      buckets: [0.5, 1, 2, 5, 10, 30, 60, 300, 900],
      registers,
    }),
    tokens,
    toolCalls: new Counter({
      name: "chatbot_tool_calls_total",
      help: "Tool calls by outcome.",
      labelNames: ["outcome"],
      registers,
    }),
    approvals: new Counter({
      name: "chatbot_approvals_total",
      help: "Recorded decisions.",
      labelNames: ["decision"],
      registers,
    }),
    providerRepeats: new Counter({
      name: "chatbot_provider_repeats_total",
      help: "Model calls that were repeated, by the fault.",
      labelNames: ["code"],
      registers,
    }),
    faults: new Counter({
      name: "chatbot_faults_total",
      help: "Faults that only operators see.",
      labelNames: ["where"],
      registers,
    }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

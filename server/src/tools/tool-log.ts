/** What the tools half says to the operator: fixed words, with names and reasons as fields. A pino logger fits. */
export interface ToolLog {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
}

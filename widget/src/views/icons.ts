import { html, type TemplateResult } from "lit";

type IconName =
  | "close"
  | "compose"
  | "send"
  | "stop"
  | "down"
  | "chevron"
  | "check"
  | "cross"
  | "question"
  | "minus"
  | "shield"
  | "warning"
  | "clock"
  | "spark"
  | "link";

/** Line icons on a 24 px grid, in the colour of the text beside them. Decorative: what they mean is said in words. */
export const icons: Record<IconName, TemplateResult> = {
  close: icon("M6 6l12 12M18 6 6 18"),
  compose: icon("M12 20h8M16.5 4.5a2.1 2.1 0 0 1 3 3L8 19l-4 1 1-4Z"),
  send: icon("M12 19V5m-6 6 6-6 6 6"),
  stop: icon(
    "M7.5 6h9A1.5 1.5 0 0 1 18 7.5v9a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 6 16.5v-9A1.5 1.5 0 0 1 7.5 6Z",
    "filled",
  ),
  down: icon("M12 5v14m-6-6 6 6 6-6"),
  chevron: icon("M7 10l5 5 5-5"),
  check: icon("M5 12.5l4.5 4.5L19 7.5"),
  cross: icon("M7 7l10 10M17 7 7 17"),
  question: icon("M9.5 9.2a2.6 2.6 0 1 1 3.7 2.4c-.8.4-1.2 1-1.2 1.9m0 3.2v.1"),
  minus: icon("M6 12h12"),
  shield: icon("M12 3.5 5 6v5.5c0 4.3 2.9 7.6 7 9 4.1-1.4 7-4.7 7-9V6Z"),
  warning: icon("M12 4 2.8 19.5h18.4ZM12 10v4.2m0 2.6v.1"),
  clock: icon("M12 7.5V12l3 2m6-2a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z"),
  spark: icon("M12 3.2c.7 5 3.8 8.1 8.8 8.8-5 .7-8.1 3.8-8.8 8.8-.7-5-3.8-8.1-8.8-8.8 5-.7 8.1-3.8 8.8-8.8Z", "filled"),
  link: icon(
    "M13.5 5H19v5.5M19 5l-8.5 8.5M17 14v3.5a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 5 17.5v-9A1.5 1.5 0 0 1 6.5 7H10",
  ),
};

function icon(path: string, style: "line" | "filled" = "line"): TemplateResult {
  return html`<svg class="icon ${style}" viewBox="0 0 24 24" aria-hidden="true"><path d=${path}></path></svg>`;
}

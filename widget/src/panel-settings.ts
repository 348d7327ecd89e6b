import type { PanelHost, PanelSettings } from "./chat-panel.ts";
import { languageOf } from "./language-of.ts";

/** What the host has set on the element, as it stands. */
export function settingsOf(host: PanelHost): PanelSettings {
  return {
    endpoint: host.endpoint,
    token: host.token,
    tokenUrl: host.tokenUrl,
    tokenProvider: host.tokenProvider,
    mode: host.mode,
    isOpen: host.open || host.mode === "inline",
    language: languageOf(host),
    heading: host.heading,
    greeting: host.greeting,
    placeholder: host.placeholder,
    conversationId: host.getAttribute("conversation-id"),
    frameAncestors: host.frameAncestors,
    persist: host.persist,
    suggestions: host.suggestions,
    strings: host.strings,
    page: host.page,
  };
}

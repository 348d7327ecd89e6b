/** For how long the element comes back to a conversation: until the tab closes, until forgotten, or not at all. */
export type Persist = "session" | "local" | "none";

/** Where the browser's storage holds the conversation's id, and what the server may not have got of it, by endpoint. */
export const STORAGE_KEYS = { conversation: "chat-bot:conversation:", unsent: "chat-bot:unsent:" } as const;

/** Whether there is something to come back to. Storage that is blocked or missing holds nothing. */
export function isRemembered({ persist, endpoint }: { persist: Persist; endpoint: string | null }): boolean {
  try {
    const storage = persist === "local" ? localStorage : sessionStorage;
    return Boolean(
      persist !== "none" &&
        (storage.getItem(STORAGE_KEYS.conversation + endpoint) ??
          sessionStorage.getItem(STORAGE_KEYS.unsent + endpoint)),
    );
  } catch {
    return false;
  }
}

import { type Persist, STORAGE_KEYS } from "./is-remembered.ts";

/** What to come back to after a reload: the conversation's id, and what the server may not have got of it yet. */
export interface ConversationMemory {
  recall(): string | null;
  remember(conversationId: string): void;
  forget(): void;
  /** Messages that the server has not taken, as `keepUnsent` was given them. */
  recallUnsent(): string | null;
  /** Keeps them in this tab only, however long the conversation is remembered: another would send them, too. */
  keepUnsent(unsent: string | null): void;
}

/**
 * A memory in the browser's storage, one per endpoint, so that two assistants on a page do not mix. Storage that is
 * full, blocked or missing is no reason to fail: the conversation is then simply not remembered.
 */
export function rememberConversation(persist: Persist, endpoint: string): ConversationMemory {
  const key = STORAGE_KEYS.conversation + endpoint;
  const unsentKey = STORAGE_KEYS.unsent + endpoint;
  return {
    recall: () => attempt(() => storageOf(persist)?.getItem(key) ?? null) ?? null,
    remember: (conversationId) => void attempt(() => storageOf(persist)?.setItem(key, conversationId)),
    forget: () => void attempt(() => storageOf(persist)?.removeItem(key)),
    recallUnsent: () => attempt(() => tabStorage(persist)?.getItem(unsentKey) ?? null) ?? null,
    keepUnsent: (unsent) =>
      void attempt(() =>
        unsent === null ? tabStorage(persist)?.removeItem(unsentKey) : tabStorage(persist)?.setItem(unsentKey, unsent),
      ),
  };
}

function storageOf(persist: Persist): Storage | null {
  switch (persist) {
    case "session":
      return sessionStorage;
    case "local":
      return localStorage;
    case "none":
      return null;
  }
}

function tabStorage(persist: Persist): Storage | null {
  return persist === "none" ? null : sessionStorage;
}

/** Reading `sessionStorage` itself throws where the browser blocks it. */
function attempt<Result>(action: () => Result): Result | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

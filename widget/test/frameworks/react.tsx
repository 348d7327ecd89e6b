// What a React 19 project may write, and what its compiler refuses.

import type { ChatBot } from "@chat-bot/widget";
import type {} from "@chat-bot/widget/react";
import { type ReactElement, useRef } from "react";

export function Assistant({ fetchToken }: { fetchToken: () => Promise<string> }): ReactElement {
  const assistant = useRef<ChatBot>(null);
  return (
    <section>
      <chat-bot
        ref={assistant}
        className="assistant"
        lang="pt-BR"
        endpoint="https://assistant.example/api/chatbot"
        mode="inline"
        open
        tokenProvider={fetchToken}
        suggestions={["List the members"]}
        strings={{ send: "Envoyer" }}
        page={{ title: "Members" }}
        onchat-bot-turn-end={({ reason, turnId }) => [reason satisfies string, turnId satisfies string]}
        onchat-bot-tool-request={(event) => event.preventDefault()}
        onClick={() => assistant.current?.send("Hello") satisfies Promise<boolean> | undefined}
      >
        <span slot="footer">Mind what you say.</span>
      </chat-bot>
      {/* @ts-expect-error There is no such mode. */}
      <chat-bot mode="sideways" />
      {/* @ts-expect-error A token comes later: the function returns a promise. */}
      <chat-bot tokenProvider={() => "token"} />
      {/* @ts-expect-error Suggestions are a list. */}
      <chat-bot suggestions="List the members" />
      {/* @ts-expect-error A method is called through a ref. */}
      <chat-bot send={() => Promise.resolve(true)} />
      {/* @ts-expect-error The event that ends a turn has no name. */}
      <chat-bot onchat-bot-turn-end={({ name }) => name} />
    </section>
  );
}

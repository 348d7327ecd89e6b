import "@chat-bot/widget";
import type { ChatBot } from "@chat-bot/widget";
import type {} from "@chat-bot/widget/react";
import { type ReactElement, useRef, useState } from "react";
import { createRoot } from "react-dom/client";
import { endpoint, fetchToken, pageElement, suggestions } from "../host-page.ts";

function Page(): ReactElement {
  const assistant = useRef<ChatBot>(null);
  const [isThere, setIsThere] = useState(true);
  const [heard, setHeard] = useState<readonly string[]>([]);
  const hear = ({ type }: Event): void => setHeard((before) => [...before, type]);

  function ask(): void {
    assistant.current?.show();
    void assistant.current?.send("List the members");
  }

  return (
    <>
      <button type="button" onClick={ask}>
        Ask for the members
      </button>
      <button type="button" onClick={() => setIsThere(!isThere)}>
        {isThere ? "Take the assistant away" : "Put the assistant back"}
      </button>
      <output>{heard.join(", ")}</output>
      {isThere && (
        <chat-bot
          ref={assistant}
          endpoint={endpoint}
          heading="Assistant in React"
          tokenProvider={fetchToken}
          suggestions={suggestions}
          onchat-bot-open={hear}
          onchat-bot-message={hear}
          onchat-bot-turn-end={hear}
        />
      )}
    </>
  );
}

createRoot(pageElement()).render(<Page />);

import { expect } from "@open-wc/testing";
import { rememberConversation } from "./remember-conversation.ts";

function clearStorage(): void {
  sessionStorage.clear();
  localStorage.clear();
}

describe("rememberConversation", () => {
  // What was on the page before may still have kept something.
  beforeEach(clearStorage);
  afterEach(clearStorage);

  for (const [persist, storage] of [
    ["session", sessionStorage],
    ["local", localStorage],
  ] as const) {
    it(`keeps the id, and nothing else, in ${persist} storage`, () => {
      rememberConversation(persist, "/a").remember("c1");
      expect(Object.values(storage)).to.deep.equal(["c1"]);
      expect(rememberConversation(persist, "/a").recall()).to.equal("c1");
    });
  }

  it("keeps nothing with none", () => {
    const memory = rememberConversation("none", "/a");
    memory.remember("c1");
    memory.keepUnsent("hello");
    expect(memory.recall() ?? memory.recallUnsent()).to.equal(null);
    expect(sessionStorage.length + localStorage.length).to.equal(0);
  });

  for (const persist of ["session", "local"] as const) {
    it(`keeps unsent messages in this tab only, with ${persist}`, () => {
      const memory = rememberConversation(persist, "/a");
      memory.keepUnsent("hello");
      expect(memory.recallUnsent()).to.equal("hello");
      expect(localStorage.length).to.equal(0);
      memory.keepUnsent(null);
      expect(memory.recallUnsent()).to.equal(null);
      expect(sessionStorage.length).to.equal(0);
    });
  }

  it("keeps the assistants of a page apart", () => {
    rememberConversation("session", "/a").remember("c1");
    expect(rememberConversation("session", "/b").recall()).to.equal(null);
  });

  it("forgets", () => {
    const memory = rememberConversation("local", "/a");
    memory.remember("c1");
    memory.forget();
    expect(memory.recall()).to.equal(null);
  });

  it("does without storage where the browser blocks it", () => {
    const descriptor = Object.getOwnPropertyDescriptor(window, "sessionStorage");
    if (descriptor === undefined) throw new Error("no session storage");
    Object.defineProperty(window, "sessionStorage", {
      configurable: true,
      get: () => {
        throw new DOMException("denied", "SecurityError");
      },
    });
    try {
      const memory = rememberConversation("session", "/a");
      memory.remember("c1");
      memory.forget();
      expect(memory.recall()).to.equal(null);
    } finally {
      Object.defineProperty(window, "sessionStorage", descriptor);
    }
  });
});

import { expect } from "@open-wc/testing";
import { utf8Length } from "./append-delta.ts";
import { addressedTo, createOutgoingMessage } from "./outgoing-message.ts";

describe("createOutgoingMessage", () => {
  it("gives every message a key of its own", () => {
    const keys = Array.from({ length: 100 }, () => createOutgoingMessage("Hi", null, null).idempotencyKey);
    expect(new Set(keys).size).to.equal(100);
    expect(keys.every((key) => /^[0-9a-f]{32}$/.test(key))).to.equal(true);
  });

  it("leaves a page that fits as it is", () => {
    const page = { url: "https://host.example/", title: "Host", selection: "x".repeat(2000) };
    expect(createOutgoingMessage("Hi", null, page).page).to.deep.equal(page);
  });

  it("shortens a selection that the server would refuse", () => {
    const page = createOutgoingMessage("Hi", null, { url: "https://host.example/", selection: '€"'.repeat(5000) }).page;
    expect(page?.selection).to.match(/^€"€"/);
    expect(utf8Length(JSON.stringify(page))).to.be.at.most(4096);
  });

  it("sends no page rather than one with an endless address", () => {
    expect(createOutgoingMessage("Hi", null, { url: "x".repeat(5000), selection: "y" }).page).to.equal(null);
  });
});

describe("addressedTo", () => {
  const message = createOutgoingMessage("Hi", null, null);

  it("leaves a message alone that is where it belongs", () => {
    expect(addressedTo(message, null)).to.equal(message);
    const begun = { ...message, begunConversationId: "c1" };
    expect(addressedTo(begun, "c1")).to.equal(begun);
  });

  it("gives a message for another conversation another key", () => {
    const moved = addressedTo(message, "c1");
    expect(moved).to.include({ conversationId: "c1", localId: message.localId });
    expect(moved.idempotencyKey).to.not.equal(message.idempotencyKey);
  });
});

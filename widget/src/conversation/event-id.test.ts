import { expect } from "@open-wc/testing";
import { type EventOrder, orderOf } from "./event-id.ts";

describe("orderOf", () => {
  const cases: { id: string | null; lastId: string | null; order: EventOrder }[] = [
    { id: "e1-1", lastId: null, order: "next" },
    { id: "e1-7", lastId: null, order: "next" },
    { id: "e1-8", lastId: "e1-7", order: "next" },
    { id: "e1-7", lastId: "e1-7", order: "seen" },
    { id: "e1-6", lastId: "e1-7", order: "seen" },
    { id: "e1-9", lastId: "e1-7", order: "gap" },
    { id: "e1-10", lastId: "e1-9", order: "next" },
    { id: "a-b-3", lastId: "a-b-2", order: "next" },
    { id: "2-1", lastId: "1-9", order: "next" },
    { id: "1-10", lastId: "2-1", order: "seen" },
    { id: "10-1", lastId: "9-9", order: "next" },
    { id: "b-1", lastId: "a-9", order: "next" },
    { id: null, lastId: "e1-7", order: "next" },
    { id: "odd", lastId: "e1-7", order: "next" },
    { id: "e1-", lastId: "e1-7", order: "next" },
    { id: "e1-99999999999999999999", lastId: "e1-7", order: "next" },
  ];
  for (const { id, lastId, order } of cases) {
    it(`takes ${id} after ${lastId} for ${order}`, () => {
      expect(orderOf(id, lastId)).to.equal(order);
    });
  }
});

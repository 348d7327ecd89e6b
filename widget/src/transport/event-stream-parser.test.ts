import { expect } from "@open-wc/testing";
import { createEventStreamParser, EventTooLongError, type StreamEvent } from "./event-stream-parser.ts";

const encoder = new TextEncoder();

function parseWhole(stream: string | Uint8Array): StreamEvent[] {
  return createEventStreamParser()(typeof stream === "string" ? encoder.encode(stream) : stream);
}

function event(data: string, name = "message", lastEventId = ""): StreamEvent {
  return { lastEventId, name, data };
}

const CASES: { title: string; stream: string; events: StreamEvent[] }[] = [
  {
    title: "one event with id, name and data",
    stream: "id: e-1\nevent: text\ndata: hi\n\n",
    events: [event("hi", "text", "e-1")],
  },
  {
    title: "several lines of data joined by line feeds",
    stream: "data: a\ndata:b\ndata\n\n",
    events: [event("a\nb\n")],
  },
  { title: "only one space dropped after the colon", stream: "data:  a\n\n", events: [event(" a")] },
  { title: "colons within the value", stream: "data: a:b: c\n\n", events: [event("a:b: c")] },
  { title: "an empty value as data", stream: "data:\n\n", events: [event("")] },
  { title: "no event without data", stream: "event: text\nid: e-1\n\n: beat\n\n\n", events: [] },
  { title: "a name that does not outlive its event", stream: "event: text\n\ndata: a\n\n", events: [event("a")] },
  {
    title: "an id that lasts",
    stream: "id: e-1\ndata: a\n\ndata: b\n\n",
    events: [event("a", "message", "e-1"), event("b", "message", "e-1")],
  },
  {
    title: "an id taken back",
    stream: "id: e-1\ndata: a\n\nid\ndata: b\n\n",
    events: [event("a", "message", "e-1"), event("b")],
  },
  {
    title: "an id with NUL ignored",
    stream: "id: e-1\ndata: a\n\nid: e\0-2\ndata: b\n\n",
    events: [event("a", "message", "e-1"), event("b", "message", "e-1")],
  },
  {
    title: "comments and unknown fields ignored",
    stream: ": beat\nretry: 500\nfoo: bar\n data: x\ndata: a\n\n",
    events: [event("a")],
  },
  { title: "carriage returns", stream: "data: a\rdata: b\r\rdata: c\r\r", events: [event("a\nb"), event("c")] },
  {
    title: "pairs of carriage return and line feed",
    stream: "data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n",
    events: [event("a\nb"), event("c")],
  },
  { title: "all line ends mixed", stream: "data: a\r\ndata: b\n\rdata: c\r\n\n", events: [event("a\nb"), event("c")] },
  {
    title: "a byte order mark at the start only",
    stream: "\u{feff}data: a\n\ndata: \u{feff}b\n\n",
    events: [event("a"), event("\u{feff}b")],
  },
  {
    title: "characters of two, three and four bytes",
    stream: "data: é€😀\n\ndata: 日本\n\n",
    events: [event("é€😀"), event("日本")],
  },
  { title: "no event that the stream breaks off in", stream: "data: a\n\ndata: b\n", events: [event("a")] },
];

describe("createEventStreamParser", () => {
  for (const { title, stream, events } of CASES) {
    it(`reads ${title}`, () => {
      expect(parseWhole(stream)).to.deep.equal(events);
    });

    it(`reads ${title}, cut after any byte`, () => {
      const bytes = encoder.encode(stream);
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        const parse = createEventStreamParser();
        const found = [...parse(bytes.subarray(0, cut)), ...parse(bytes.subarray(cut))];
        expect(found, `cut at ${cut}`).to.deep.equal(events);
      }
    });

    it(`reads ${title}, byte by byte`, () => {
      const parse = createEventStreamParser();
      const found = [...encoder.encode(stream)].flatMap((byte) => parse(Uint8Array.of(byte)));
      expect(found).to.deep.equal(events);
    });
  }

  it("replaces bytes that are not UTF-8 instead of failing", () => {
    const bytes = Uint8Array.of(...encoder.encode("data: a"), 0xff, ...encoder.encode("b\n\n"));
    expect(parseWhole(bytes)).to.deep.equal([event("a\u{fffd}b")]);
  });

  it("refuses a line longer than it may hold, also one that never ends", () => {
    const parse = createEventStreamParser(16);
    expect(() => parse(encoder.encode("data: 0123456789abcdef\n"))).to.throw(EventTooLongError);
    const endless = createEventStreamParser(16);
    for (let length = 1; length <= 16; length += 1) endless(encoder.encode("x"));
    expect(() => endless(encoder.encode("x"))).to.throw(EventTooLongError);
  });

  it("refuses an event of too many lines", () => {
    const parse = createEventStreamParser(16);
    expect(() => parse(encoder.encode("data: 01234567\n".repeat(3)))).to.throw(EventTooLongError);
  });

  it("reads a long line in small pieces in linear time", () => {
    const parse = createEventStreamParser();
    const piece = encoder.encode("x".repeat(100));
    parse(encoder.encode("data: "));
    for (let count = 0; count < 20_000; count += 1) expect(parse(piece)).to.deep.equal([]);
    const [whole] = parse(encoder.encode("\n\n"));
    expect(whole?.data.length).to.equal(2_000_000);
  });
});

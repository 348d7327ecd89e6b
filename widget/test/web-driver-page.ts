// One page of a browser behind the WebDriver protocol, with as much of Puppeteer's page as the test runner's commands use:
// to them it is one.

/** Keys that are named, in WebDriver's alphabet. */
const KEYS: Readonly<Record<string, string>> = {
  Tab: "\uE004",
  Enter: "\uE007",
  Shift: "\uE008",
  Control: "\uE009",
  Alt: "\uE00A",
  Escape: "\uE00C",
  Space: "\uE00D",
  PageUp: "\uE00E",
  PageDown: "\uE00F",
  End: "\uE010",
  Home: "\uE011",
  ArrowLeft: "\uE012",
  ArrowUp: "\uE013",
  ArrowRight: "\uE014",
  ArrowDown: "\uE015",
  Delete: "\uE017",
  F6: "\uE036",
};
const BUTTONS = ["left", "middle", "right"];

const RESIZE_TIMEOUT_MS = 10_000;

interface Action {
  type: string;
  [name: string]: string | number;
}

interface Size {
  width: number;
  height: number;
}

export class WebDriverPage {
  readonly #sessionUrl: string;
  readonly keyboard: {
    press(key: string): Promise<void>;
    down(key: string): Promise<void>;
    up(key: string): Promise<void>;
    type(text: string): Promise<void>;
  };
  readonly mouse: {
    move(x: number, y: number): Promise<void>;
    click(x: number, y: number, options?: { button?: string }): Promise<void>;
    down(options?: { button?: string }): Promise<void>;
    up(options?: { button?: string }): Promise<void>;
    reset(): Promise<void>;
  };

  /** `sessionUrl`: the driver's address of the session, without a slash at the end. */
  constructor(sessionUrl: string) {
    this.#sessionUrl = sessionUrl;
    const keys = (...actions: Action[]): Promise<void> => this.#act({ type: "key", id: "keyboard", actions });
    const pointer = (...actions: Action[]): Promise<void> => this.#act({ type: "pointer", id: "mouse", actions });
    const to = (x: number, y: number): Action => ({ type: "pointerMove", duration: 0, x, y });
    const button = (type: string, name = "left"): Action => ({ type, button: BUTTONS.indexOf(name) });
    const stroke = (key: string): Action[] => [
      { type: "keyDown", value: keyValue(key) },
      { type: "keyUp", value: keyValue(key) },
    ];
    this.keyboard = {
      press: (key) => keys(...stroke(key)),
      down: (key) => keys({ type: "keyDown", value: keyValue(key) }),
      up: (key) => keys({ type: "keyUp", value: keyValue(key) }),
      type: (text) => keys(...Array.from(text).flatMap(stroke)),
    };
    this.mouse = {
      move: (x, y) => pointer(to(x, y)),
      click: (x, y, options) =>
        pointer(to(x, y), button("pointerDown", options?.button), button("pointerUp", options?.button)),
      down: (options) => pointer(button("pointerDown", options?.button)),
      up: (options) => pointer(button("pointerUp", options?.button)),
      reset: async () => {
        await this.#command("DELETE", "/actions");
        await pointer(to(0, 0));
      },
    };
  }

  async goto(url: string): Promise<void> {
    await this.#command("POST", "/url", { url });
  }

  async url(): Promise<string> {
    return String(await this.#command("GET", "/url"));
  }

  async close(): Promise<void> {
    await this.#command("DELETE", "");
  }

  async moveWindow(x: number, y: number): Promise<void> {
    await this.#command("POST", "/window/rect", { x, y });
  }

  /** Rejects when the window cannot be made as small or as large: a browser's own buttons need some width. */
  async setViewport({ width, height }: Size): Promise<void> {
    const inner = await this.#innerSize();
    const outer = await this.#command("GET", "/window/rect");
    const rectangle = readSize(outer);
    await this.#command("POST", "/window/rect", {
      width: rectangle.width + width - inner.width,
      height: rectangle.height + height - inner.height,
    });
    const deadline = AbortSignal.timeout(RESIZE_TIMEOUT_MS);
    for (;;) {
      const now = await this.#innerSize();
      if (now.width === width && now.height === height) return;
      if (deadline.aborted) throw new Error(`The window is ${now.width} × ${now.height}, not ${width} × ${height}.`);
    }
  }

  /** The browser was started with reduced motion, and can be told nothing else. */
  async emulateMediaFeatures(features: readonly { name: string; value: string }[]): Promise<void> {
    requireReducedMotion(features);
  }

  async emulateMediaType(type: string): Promise<void> {
    if (type !== "screen") throw new Error(`This browser cannot be made to show "${type}".`);
  }

  async #innerSize(): Promise<Size> {
    const script = "return { width: innerWidth, height: innerHeight }";
    return readSize(await this.#command("POST", "/execute/sync", { script, args: [] }));
  }

  async #act(source: { type: string; id: string; actions: Action[] }): Promise<void> {
    await this.#command("POST", "/actions", { actions: [source] });
  }

  async #command(method: string, path: string, body?: object): Promise<unknown> {
    return await webDriverCommand(`${this.#sessionUrl}${path}`, method, body);
  }
}

/** One command of the WebDriver protocol. Resolves with its value; rejects with what the driver says was wrong. */
export async function webDriverCommand(url: string, method: string, body?: object): Promise<unknown> {
  const response = await fetch(url, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const { value }: { value: unknown } = JSON.parse(await response.text());
  if (!response.ok) throw new Error(`WebDriver: ${method} ${new URL(url).pathname}: ${JSON.stringify(value)}`);
  return value;
}

/** For browsers whose media features are settled when they start: with reduced motion, everything else as usual. */
export function requireReducedMotion(features: readonly { name: string; value: string }[]): void {
  const others = features.filter(({ name, value }) => name !== "prefers-reduced-motion" || value !== "reduce");
  if (others.length > 0) throw new Error(`This browser cannot emulate ${JSON.stringify(others)}.`);
}

function keyValue(key: string): string {
  const value = KEYS[key] ?? key;
  if (Array.from(value).length !== 1) throw new Error(`"${key}" is not among the keys of test/web-driver-page.ts.`);
  return value;
}

function readSize(value: unknown): Size {
  if (typeof value === "object" && value !== null && "width" in value && "height" in value) {
    return { width: Number(value.width), height: Number(value.height) };
  }
  throw new Error(`Not a size: ${JSON.stringify(value)}`);
}

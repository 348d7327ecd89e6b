/** Where a link leads, and whether its label says so. */
interface SafeLink {
  /** Absolute, as the browser will follow it. */
  href: string;
  /** The real host (or mail address), where the label does not tell it. */
  hiddenHost: string | null;
  /** The label names another host, or the address is long enough to carry something away: ask before following. */
  isDoubtful: boolean;
}

const PROTOCOLS = new Set(["http:", "https:", "mailto:"]);
const LONG_QUERY = 100;
/** Characters that nobody sees or that turn the order of others: a label has no need of them. */
const DISGUISING = /[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/;

/** Judges an address from the model's text. Null: it must not become a link. */
export function safeLink(address: string, label: string): SafeLink | null {
  const url = parse(address.trim());
  if (url === null || !PROTOCOLS.has(url.protocol)) return null;
  if (url.protocol === "mailto:") {
    const recipient = url.pathname;
    return { href: url.href, hiddenHost: label.includes(recipient) ? null : recipient, isDoubtful: url.search !== "" };
  }
  const named = hostsNamedIn(label);
  const isNamed = named.has(bare(url.hostname));
  const namesAnother = named.size > (isNamed ? 1 : 0);
  const hasLongQuery = url.search.length + url.hash.length > LONG_QUERY;
  const isDoubtful =
    namesAnother || hasLongQuery || url.username !== "" || url.password !== "" || DISGUISING.test(label);
  return { href: url.href, hiddenHost: isNamed && !isDoubtful ? null : url.host, isDoubtful };
}

/** Null for what is not absolute: a relative address would lead into the host's own site. */
function parse(address: string): URL | null {
  return URL.canParse(address) ? new URL(address) : null;
}

function hostsNamedIn(label: string): Set<string> {
  // Full-width letters and other dots read as the usual ones do.
  const readable = label.normalize("NFKC").replaceAll("\u3002", ".");
  const hosts = readable.matchAll(
    /(?:^|[\s/@("'<])((?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*)\.)+[\p{L}]{2,})(?=$|[\s/:?#)"'>.,;!@])/gu,
  );
  return new Set([...hosts].map(([, host = ""]) => bare(host)));
}

function bare(host: string): string {
  return host.toLowerCase().replace(/^www\./, "");
}

/** pcap filters, as far as learners write them: `tcp port 80 and host 10.244.1.5`, `not (udp or icmp)`. */
import { cidrContains, cidrOf, isIPv6, parseIP } from "../../../base/ip.ts";
import type { Header } from "../../../model/trace/types.ts";

export interface Captured {
  readonly header: Header;
}

type Test = (frame: Captured) => boolean;

const MOST_TOKENS = 200;

/** The filter as a test; null when it cannot be read. An empty one lets everything pass. */
export function parseFilter(text: string): Test | null {
  const tokens = text
    .replace(/[()!]/g, " $& ")
    .split(/\s+/)
    .filter((token) => token !== "");
  if (tokens.length === 0) return () => true;
  if (tokens.length > MOST_TOKENS) return null;
  let at = 0;
  const peek = (): string => (tokens[at] ?? "").toLowerCase();
  const take = (): string => (tokens[at++] ?? "").toLowerCase();

  function either(): Test | null {
    let left = both();
    while (left !== null && (peek() === "or" || peek() === "||")) {
      take();
      const [a, b]: [Test, Test | null] = [left, both()];
      left = b === null ? null : (frame) => a(frame) || b(frame);
    }
    return left;
  }
  function both(): Test | null {
    let left = one();
    while (left !== null && at < tokens.length && peek() !== "or" && peek() !== "||" && peek() !== ")") {
      if (peek() === "and" || peek() === "&&") take();
      const [a, b]: [Test, Test | null] = [left, one()];
      left = b === null ? null : (frame) => a(frame) && b(frame);
    }
    return left;
  }
  function one(): Test | null {
    const word = take();
    if (word === "not" || word === "!") {
      const inner = one();
      return inner === null ? null : (frame) => !inner(frame);
    }
    if (word === "(") {
      const inner = either();
      return take() === ")" ? inner : null;
    }
    return primitive(word);
  }
  function primitive(word: string): Test | null {
    if (word === "tcp" || word === "udp" || word === "sctp" || word === "icmp" || word === "icmp6") {
      const protocol = word === "icmp6" ? "icmp" : word;
      return ({ header }) => header.protocol === protocol;
    }
    if (word === "ip") return ({ header }) => !isIPv6(header.src);
    if (word === "ip6") return ({ header }) => isIPv6(header.src);
    if (word === "arp") return () => false;
    if (word === "src" || word === "dst") return side(word, ["host", "port", "net"].includes(peek()) ? take() : "host");
    return side(null, word);
  }
  function side(which: "src" | "dst" | null, kind: string): Test | null {
    const value = take();
    const test = valueTest(kind, value);
    if (test === null) return null;
    return ({ header: { src, dst, sport, dport } }) =>
      (which !== "dst" && test(src, sport)) || (which !== "src" && test(dst, dport));
  }
  const whole = either();
  return at < tokens.length ? null : whole;
}

const NAMED: Readonly<Record<string, number>> = { http: 80, https: 443, domain: 53, ssh: 22 };

function valueTest(kind: string, value: string): ((ip: string, port: number) => boolean) | null {
  switch (kind) {
    case "host":
      return parseIP(value) === null ? null : (ip) => ip === value;
    case "net":
      return cidrOf(value) === null ? null : (ip) => isIPv6(ip) === value.includes(":") && cidrContains(value, ip);
    case "port": {
      const port = Object.hasOwn(NAMED, value) ? NAMED[value] : /^\d{1,5}$/.test(value) ? Number(value) : undefined;
      return port === undefined ? null : (_ip, one) => one === port;
    }
    case "portrange": {
      const match = /^(\d{1,5})-(\d{1,5})$/.exec(value);
      return match === null ? null : (_ip, one) => one >= Number(match[1]) && one <= Number(match[2]);
    }
    default:
      return null;
  }
}

/** What curl says to a server, and what it says of that with -v. */
import type { HttpHeader, HttpRequest } from "../../../model/trace/message.ts";
import { bytes, hostHeader, type Url } from "./http.ts";
import { last, on, type Options } from "./options.ts";

export const CURL_VERSION = "8.10.1";

/** The entry of `--resolve HOST:PORT:ADDRESS` for this host, or null. */
export function pinned(options: Options, { host, port }: Url): string | null {
  for (const entry of options.flags.get("resolve") ?? []) {
    const match = /^[+-]?([^:]+):(\d+|\*):\[?([^\]]*)\]?$/.exec(entry);
    if (match !== null && (match[1] === host || match[1] === "*") && (match[2] === "*" || Number(match[2]) === port)) {
      return match[3] ?? null;
    }
  }
  return null;
}

function headersGiven(options: Options): readonly HttpHeader[] {
  return (options.flags.get("H") ?? []).flatMap((line) => {
    const colon = line.indexOf(":");
    return colon <= 0 ? [] : [{ name: line.slice(0, colon).trim(), value: line.slice(colon + 1).trim() }];
  });
}

/** The request that the options make, and the body that goes with it. */
export function messageOf(options: Options, url: Url): { readonly says: HttpRequest; readonly data: string | null } {
  const data = options.flags.get("d")?.join("&") ?? last(options, "json") ?? null;
  const headers = headersGiven(options);
  const has = (name: string): boolean => headers.some((h) => h.name.toLowerCase() === name);
  const named = headers.find((h) => h.name.toLowerCase() === "host")?.value;
  const asGet = on(options, "G");
  const body = data === null || asGet ? null : data;
  const extra: HttpHeader[] = [];
  const credentials = last(options, "u");
  if (credentials !== undefined) extra.push({ name: "Authorization", value: "Basic ..." });
  if (!has("user-agent")) extra.push({ name: "User-Agent", value: last(options, "A") ?? `curl/${CURL_VERSION}` });
  if (!has("accept")) extra.push({ name: "Accept", value: "*/*" });
  if (last(options, "e") !== undefined) extra.push({ name: "Referer", value: last(options, "e") ?? "" });
  if (last(options, "b") !== undefined) extra.push({ name: "Cookie", value: last(options, "b") ?? "" });
  const rest = headers.filter((h) => h.name.toLowerCase() !== "host" && h.value !== "");
  const length: HttpHeader[] =
    body === null
      ? []
      : [
          { name: "Content-Length", value: String(bytes(body)) },
          ...(has("content-type") ? [] : [{ name: "Content-Type", value: "application/x-www-form-urlencoded" }]),
        ];
  const method = last(options, "X") ?? (on(options, "I") ? "HEAD" : body === null ? "GET" : "POST");
  const path = data !== null && asGet ? `${url.path}${url.path.includes("?") ? "&" : "?"}${data}` : url.path;
  const scheme = url.scheme === "https" ? "https" : "http";
  return {
    says: {
      kind: "http",
      method,
      scheme,
      host: named ?? hostHeader(url),
      path,
      headers: [...extra, ...rest, ...length],
    },
    data: body,
  };
}

/** Collects the lines of -v. */
export class Verbose {
  text = "";
  private readonly isOn: boolean;
  constructor(isOn: boolean) {
    this.isOn = isOn;
  }
  note(...lines: readonly string[]): void {
    this.add("* ", lines);
  }
  sent(lines: readonly string[]): void {
    this.add("> ", lines);
  }
  received(lines: readonly string[]): void {
    this.add("< ", lines);
  }
  /** A body that goes to a file is counted. */
  data(size: number): void {
    if (this.isOn && size > 0) this.text += `{ [${size} bytes data]\n`;
  }
  private add(mark: string, lines: readonly string[]): void {
    if (this.isOn) this.text += lines.map((line) => `${mark}${line}\n`).join("");
  }
}

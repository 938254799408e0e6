/** Targets as people type them: `web.shop:80`, `http://web.shop/path`, `https://10.96.0.50:8443/x`. */
import { parseIP } from "../base/ip.ts";
import { type Result, err, ok } from "../base/result.ts";
import type { HttpRequest } from "../model/trace/message.ts";

/** A host, by name or address, the port as written, and what is said there. */
export interface Location {
  /** Brackets of IPv6 addresses left out. */
  readonly host: string;
  /** null: none is written, and the scheme has none. */
  readonly port: string | null;
  readonly says: HttpRequest | null;
}

const URL_FORM = /^([a-z][a-z0-9+.-]*):\/\/(?:([^/?#@]*)@)?(\[[^\]]*\]|[^/?#:]*)(?::([^/?#]*))?([/?][^#]*)?(?:#.*)?$/i;
/** One label or several, each of what host names are made of; an underscore too, as in `_http._tcp.web`. */
const NAME = /^(?=.{1,254}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i;

/** May it stand in a question to a name server? */
export function isName(text: string): boolean {
  return NAME.test(text) && parseIP(text) === null;
}

const PORTS = { http: "80", https: "443" } as const;

/** A URL, or null for what is none. Refuses what curl would not even try. */
export function parseURL(text: string): Result<Location, string> | null {
  const match = URL_FORM.exec(text);
  if (match === null) return null;
  const [, rawScheme = "", login, rawHost = "", port, rest = "/"] = match;
  const scheme = rawScheme.toLowerCase();
  if (scheme !== "http" && scheme !== "https") return err(`the scheme "${rawScheme}" is not http or https`);
  if (login !== undefined) return err("a user and password in a URL are not supported here");
  const host = rawHost.replace(/^\[|\]$/g, "");
  if (!isName(host) && parseIP(host) === null) return err(`"${rawHost}" is neither a name nor an address`);
  const isUsual = port === undefined || port === "" || port === PORTS[scheme];
  return ok({
    host,
    port: port === undefined || port === "" ? PORTS[scheme] : port,
    says: {
      kind: "http",
      method: "GET",
      scheme,
      host: isUsual ? rawHost : `${rawHost}:${port ?? ""}`,
      path: rest.startsWith("/") ? rest : `/${rest}`,
      headers: [],
    },
  });
}

/** `web.shop:80`, or a name alone; null for what is neither. */
export function parseHostPort(text: string): Location | null {
  const colon = text.lastIndexOf(":");
  const host = colon < 0 ? text : text.slice(0, colon);
  if (!isName(host)) return null;
  return { host, port: colon < 0 ? null : text.slice(colon + 1), says: null };
}

import { parseIP } from "../../base/ip.ts";

/** `10.0.0.1:80`, `[fd00::1]:80`, `fd00::1`; null when it is none of them (a range, a prefix). */
export function splitHostPort(text: string): { readonly ip: string; readonly port: number | null } | null {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text) ?? /^([^:]+):(\d+)$/.exec(text);
  const ip = bracketed?.[1] ?? text;
  if (parseIP(ip) === null) return null;
  return { ip, port: bracketed?.[2] === undefined ? null : Number(bracketed[2]) };
}

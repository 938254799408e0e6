/** How the resolver of a C library turns a short name into questions. Source: glibc resolv/res_query.c (__res_context_search), res_init.c. */
import { SECOND, type Micros } from "../base/time.ts";

/** A machine's /etc/resolv.conf. */
export interface Resolver {
  readonly nameservers: readonly string[];
  readonly search: readonly string[];
  /** `ndots:5`, `timeout:2`, `attempts:3`. */
  readonly options: readonly string[];
}

function option({ options }: Resolver, name: string, usual: number, most: number): number {
  const text = options.find((word) => word.startsWith(`${name}:`))?.slice(name.length + 1);
  const value = text === undefined ? usual : Number(text);
  return Number.isInteger(value) && value >= 0 ? Math.min(value, most) : usual;
}

const MAX_NDOTS = 15;
const MAX_TIMEOUT = 30;
const MAX_ATTEMPTS = 5;

export const ndotsOf = (resolver: Resolver): number => option(resolver, "ndots", 1, MAX_NDOTS);
/** How long one question waits for its answer. */
export const timeoutOf = (resolver: Resolver): Micros =>
  Math.max(1, option(resolver, "timeout", 5, MAX_TIMEOUT)) * SECOND;
/** How often all name servers are asked in turn. */
export const attemptsOf = (resolver: Resolver): number => Math.max(1, option(resolver, "attempts", 2, MAX_ATTEMPTS));

/**
 * The absolute names that are asked for, in order, until one has an answer: with fewer dots than ndots first those of the search list,
 * then the name as it is; else the other way round. A trailing dot says that the name is whole.
 */
export function candidates(name: string, resolver: Resolver): readonly string[] {
  if (name.endsWith(".")) return [name];
  const dots = name.split(".").length - 1;
  const whole = `${name}.`;
  const searched = resolver.search.map((domain) => {
    const bare = domain.replace(/^\.|\.$/g, "");
    return bare === "" ? whole : `${name}.${bare}.`;
  });
  return [...new Set(dots >= ndotsOf(resolver) ? [whole, ...searched] : [...searched, whole])];
}

/** Which rule of which Ingress a request meets. Source: the Ingress API's own tables of host and path matches. */
import { compareStrings } from "../../base/compare.ts";
import type { Ingress, IngressBackend, PathType } from "../../model/ingress/types.ts";

/** What of the matching is left to the implementation. */
export interface RoutingRules {
  /** A path of ImplementationSpecific: any path that begins with these characters, or one that begins with these elements. */
  readonly specific: "characters" | "elements";
  /** Does a request whose host has rules, but none for its path, go on to wildcard hosts and to rules without a host? */
  readonly fallsThrough: boolean;
  /** Does the default backend of an Ingress with rules also take hosts that nobody has rules for? */
  readonly anyDefault: boolean;
  /**
   * Are the paths of this Ingress regular expressions? With ingress-nginx one that says so makes them that for its whole hosts:
   * begun at the start of the path, letter case aside.
   */
  readonly isRegex?: (ingress: Ingress) => boolean;
}

export interface Route {
  readonly ingress: Ingress;
  readonly backend: IngressBackend;
  /** The host as the rule has it; empty: any. */
  readonly host: string;
  /** null: nothing matched, and this is the Ingress's default backend. */
  readonly path: { readonly path: string; readonly type: PathType } | null;
}

const elementsOf = (path: string): readonly string[] => path.split("/").filter((part) => part !== "");

/** Does a path match? Both without a query; `path` as {@link normalPath} makes it. */
export function pathMatches(
  type: PathType,
  pattern: string,
  path: string,
  specific: RoutingRules["specific"],
): boolean {
  if (type === "Exact") return path === pattern;
  if (type === "ImplementationSpecific" && specific === "characters") return path.startsWith(pattern);
  const wanted = elementsOf(pattern);
  const given = elementsOf(path);
  return wanted.every((part, i) => part === given[i]);
}

/** 3: this very host. 2: a wildcard, whose star is one label. 1: a rule for every host. 0: another host. */
export function hostRank(pattern: string, host: string): 0 | 1 | 2 | 3 {
  if (pattern === "") return 1;
  if (pattern === host) return 3;
  if (!pattern.startsWith("*.")) return 0;
  const dot = host.indexOf(".");
  return dot > 0 && host.slice(dot) === pattern.slice(1) ? 2 : 0;
}

/** A path as servers match it: escapes undone, several slashes taken as one, `.` and `..` gone. Of a malformed escape nothing is undone. */
export function normalPath(path: string): string {
  let text = path;
  try {
    text = decodeURIComponent(path);
  } catch {
    // Left as it was sent.
  }
  const kept: string[] = [];
  const parts = text.split("/");
  for (const part of parts) {
    if (part === "..") kept.pop();
    else if (part !== "" && part !== ".") kept.push(part);
  }
  const last = parts.at(-1);
  const open = kept.length > 0 && (last === "" || last === "." || last === "..");
  return `/${kept.join("/")}${open ? "/" : ""}`;
}

const TYPES: Readonly<Record<PathType, number>> = { Exact: 2, Prefix: 1, ImplementationSpecific: 0 };

/** A longer pattern goes first, a slash at its end left aside; of equals Exact before Prefix before the rest. */
function better(a: NonNullable<Route["path"]>, b: NonNullable<Route["path"]>): boolean {
  const length = ({ path }: { readonly path: string }): number => path.replace(/\/+$/, "").length;
  return length(a) === length(b) ? TYPES[a.type] > TYPES[b.type] : length(a) > length(b);
}

/** A path that is a regular expression; null: it is none. */
export function pathRegex(pattern: string): RegExp | null {
  try {
    return new RegExp(`^${pattern}`, "i");
  } catch {
    return null;
  }
}

/** Oldest first: of two rules for the same host and path the older Ingress's counts. */
export function byAge(ingresses: readonly Ingress[]): readonly Ingress[] {
  const name = ({ metadata }: Ingress): string => `${metadata.namespace ?? ""}/${metadata.name}`;
  const age = ({ metadata }: Ingress): string => metadata.creationTimestamp ?? "";
  return ingresses.toSorted((a, b) => compareStrings(age(a), age(b)) || compareStrings(name(a), name(b)));
}

/**
 * The route of a request, or null when nothing is there for it. `host` as {@link import("./http.ts").hostOf} gives it, `path`
 * normal; Ingresses in the order of {@link byAge}.
 */
export function routeFor(ingresses: readonly Ingress[], host: string, path: string, rules: RoutingRules): Route | null {
  const all = ingresses.flatMap((ingress) => (ingress.spec.rules ?? []).map((rule) => ({ ingress, rule })));
  for (const rank of [3, 2, 1]) {
    const here = all.filter(({ rule }) => hostRank(rule.host ?? "", host) === rank);
    if (here.length === 0) continue;
    const regex = here.some(({ ingress }) => rules.isRegex?.(ingress) === true);
    let best: (Route & { readonly path: NonNullable<Route["path"]> }) | null = null;
    for (const { ingress, rule } of here) {
      for (const { path: given = "", pathType: type, backend } of rule.http?.paths ?? []) {
        const met = { path: given === "" ? "/" : given, type };
        if (regex ? !pathRegex(met.path)?.test(path) : !pathMatches(type, met.path, path, rules.specific)) continue;
        if (best === null || (regex ? met.path.length > best.path.path.length : better(met, best.path)))
          best = { ingress, backend, host: rule.host ?? "", path: met };
      }
    }
    if (best !== null) return best;
    const fallback = here.find(({ ingress }) => ingress.spec.defaultBackend !== undefined);
    if (fallback !== undefined) return defaultOf(fallback.ingress, fallback.rule.host ?? "");
    if (!rules.fallsThrough && !rules.anyDefault) return null;
    if (!rules.fallsThrough) break;
  }
  const last = ingresses.find(
    ({ spec }) => spec.defaultBackend !== undefined && (rules.anyDefault || (spec.rules ?? []).length === 0),
  );
  return last === undefined ? null : defaultOf(last, "");
}

function defaultOf(ingress: Ingress, host: string): Route {
  return { ingress, backend: ingress.spec.defaultBackend ?? {}, host, path: null };
}

/** The REST requests behind a command, as `kubectl -v=6` logs them. Source: client-go/transport/round_trippers.go. */
import { timestamp } from "../base/time.ts";
import type { KindInfo } from "../model/kinds.ts";
import type { World } from "../world/types.ts";

/** The address of the API server that stands outside the nodes. */
export const API_SERVER = "192.168.56.10:6443";

const STATUS: Readonly<Record<number, string>> = {
  101: "101 Switching Protocols",
  200: "200 OK",
  201: "201 Created",
  400: "400 Bad Request",
  403: "403 Forbidden",
  404: "404 Not Found",
  409: "409 Conflict",
  422: "422 Unprocessable Entity",
  500: "500 Internal Server Error",
};

type Query = Readonly<Record<string, string | undefined>>;

/** What a request is about. */
export interface Where {
  readonly namespace?: string | undefined;
  readonly name?: string;
  /** "scale", "eviction", "log". */
  readonly subresource?: string | undefined;
  readonly query?: Query;
}

/** `/api/v1/namespaces/default/services/web`, `/apis/apps/v1/deployments?limit=500`. */
export function requestPath(info: KindInfo, { namespace, name, subresource, query }: Where): string {
  const root = info.group === "" ? "/api/v1" : `/apis/${info.group}/${info.version}`;
  const scope = namespace === undefined ? "" : `/namespaces/${namespace}`;
  const tail = [info.plural, name, subresource].filter((part) => part !== undefined).join("/");
  return `${root}${scope}/${tail}${queryText(query ?? {})}`;
}

/** `?fieldSelector=metadata.name%3Dweb&limit=500`: sorted and escaped as Go's url.Values; what is undefined is left out. */
function queryText(query: Query): string {
  const pairs = Object.keys(query)
    .filter((key) => query[key] !== undefined)
    .sort()
    .map((key) => `${key}=${encodeURIComponent(query[key] ?? "").replaceAll("%20", "+")}`);
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

/** klog's head: `I0101 00:00:12.345678    1234`. */
export function klogHead(now: number, severity: "I" | "W" | "E", pid: number): string {
  const [date = "", time = ""] = timestamp(now).replace("Z", "").split("T");
  const micros = String(Math.floor(now % 1_000_000)).padStart(6, "0");
  return `${severity}${date.slice(5, 7)}${date.slice(8, 10)} ${time}.${micros} ${String(pid).padStart(7)}`;
}

/** One request as `-v=6` logs it; `path` with its query. */
export function requestLine(world: World, verb: string, path: string, code: number): string {
  const head = klogHead(world.now, "I", 4242);
  return `${head} round_trippers.go:632] "Response" verb="${verb}" url="https://${API_SERVER}${path}" status="${STATUS[code] ?? code}" milliseconds=3`;
}

/** What `-v=6` says before the first request. */
export const configLine = (world: World): string =>
  `${klogHead(world.now, "I", 4242)} loader.go:402] Config loaded from file:  /root/.kube/config`;

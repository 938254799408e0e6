/**
 * The service load balancer that was there before Ingress: a pod that watches all Services and writes HAProxy's configuration for
 * them. Services that `--tcp-services` names are passed through as TCP (HTTPS too); all others are HTTP, at `/NAME` and by the host
 * that an annotation names; annotated with sslTerm, TLS ends here. Source: kubernetes/contrib, service-loadbalancer.
 */
import { compareStrings } from "../../base/compare.ts";
import type { Pod } from "../../model/pod/types.ts";
import { commandWords, flagOf, PROGRAM_ANNOTATION } from "../../model/ingress/controller.ts";
import type { Service, ServicePort } from "../../model/service/types.ts";
import type { Program } from "../program.ts";
import { type ProgramInputs, readyEndpoints } from "./endpoints.ts";
import { haproxyReaction } from "./haproxy.ts";
import type { Action, Backend, Condition, Front, HaproxyConfig, Problem, Server, Test } from "./haproxy-config.ts";
import { testOf, wordsOf } from "./haproxy-conditions.ts";

const PREFIX = "serviceloadbalancer/lb.";
const ALGORITHMS = ["roundrobin", "leastconn", "first", "source"] as const;
const ALWAYS: Condition = { unless: false, any: [] };
const STATS_PORT = 1936;

export function isServiceLoadBalancer(pod: Pod): boolean {
  const program = pod.metadata.annotations?.[PROGRAM_ANNOTATION];
  return program === undefined
    ? pod.spec.containers.some((c) => /(^|\/)(servicelb|service-loadbalancer)([:@]|$)/.test(c.image ?? ""))
    : program === "service-loadbalancer";
}

interface Options {
  readonly tcp: ReadonlyMap<string, number>;
  readonly target: string | null;
  readonly forward: boolean;
  readonly httpPort: number;
  readonly algorithm: Backend["balance"];
  readonly returnCode: number;
  readonly namespace: string | null;
  /** `--ssl-cert`: without one there is no https frontend. */
  readonly certificate: boolean;
}

function optionsOf(pod: Pod): Options {
  const words = commandWords(pod);
  const number = (name: string, fallback: number): number => {
    const value = Number(flagOf(words, name) ?? fallback);
    return Number.isInteger(value) && value > 0 ? value : fallback;
  };
  const tcp = new Map<string, number>();
  for (const pair of (flagOf(words, "tcp-services") ?? "").split(",")) {
    const [name = "", port = ""] = pair.split(":");
    if (/^\d+$/.test(port)) tcp.set(name, Number(port));
  }
  return {
    tcp,
    target: flagOf(words, "target-service"),
    forward: flagOf(words, "forward-services") === "true",
    httpPort: number("http-port", 80),
    algorithm: algorithmOf(flagOf(words, "balance-algorithm")) ?? "roundrobin",
    returnCode: number("default-return-code", 404),
    namespace: flagOf(words, "namespace"),
    certificate: (flagOf(words, "ssl-cert") ?? "") !== "",
  };
}

function algorithmOf(text: string | null | undefined): Backend["balance"] | null {
  return ALGORITHMS.find((one) => one === text) ?? null;
}

/** One Service's port as the balancer takes it. */
interface Taken {
  readonly name: string;
  readonly service: Service;
  readonly port: ServicePort;
  readonly servers: readonly Server[];
  readonly kind: "http" | "https" | "tcp";
}

function taken({ reader }: ProgramInputs, options: Options): readonly Taken[] {
  return reader
    .list<Service>("Service", options.namespace ?? undefined)
    .filter(({ spec }) => spec.type !== "LoadBalancer" && spec.type !== "ExternalName")
    .flatMap((service) =>
      (service.spec.ports ?? []).flatMap((port): readonly Taken[] => {
        const { name } = service.metadata;
        if (port.protocol !== "TCP" || (options.target !== null && options.target !== name)) return [];
        const { clusterIP = "None" } = service.spec;
        const targets = options.forward
          ? clusterIP === "None"
            ? []
            : [{ ip: clusterIP, port: port.port }]
          : readyEndpoints(reader, service, port);
        if (targets.length === 0) return [];
        const full = port.port === 80 ? name : `${name}:${port.port}`;
        const servers = targets.map((at, i): Server => ({
          name: `${full}_${i}`,
          host: at.ip,
          port: at.port,
          backup: false,
          ssl: false,
        }));
        const isTcp = options.tcp.get(name) === port.port;
        const ends = annotation(service, "sslTerm") === "true";
        return [{ name: full, service, port, servers, kind: isTcp ? "tcp" : ends ? "https" : "http" }];
      }),
    )
    .toSorted((a, b) => compareStrings(a.name, b.name));
}

function annotation({ metadata }: Service, name: string): string | undefined {
  return metadata.annotations?.[PREFIX + name];
}

/** The configuration that it writes for the Services as they are now. */
export function serviceLoadBalancerConfig(inputs: ProgramInputs, pod: Pod): HaproxyConfig {
  const options = optionsOf(pod);
  const all = taken(inputs, options);
  const problems: Problem[] = [];
  const backends: Record<string, Backend> = {};
  for (const one of all) {
    if (one.kind === "https" && !options.certificate)
      problems.push({ line: 0, message: `Service ${one.name} asks for sslTerm, but there is no --ssl-cert` });
    const sticks =
      one.service.spec.sessionAffinity === "ClientIP" || annotation(one.service, "cookie-sticky-session") === "true";
    if (sticks) problems.push({ line: 0, message: `Service ${one.name}: no client sticks to a server here` });
    backends[one.name] = backendOf(one, options);
  }
  const web = (kind: "http" | "https", port: number, ssl: boolean): Front =>
    webFront(all, kind, { port, ssl }, problems, options);
  const fronts: Front[] = [
    web("http", options.httpPort, false),
    ...(options.certificate ? [web("https", 443, true)] : []),
    ...all
      .filter(({ kind }) => kind === "tcp")
      .map(({ name, port }): Front => ({
        name,
        mode: "tcp",
        acls: {},
        actions: [],
        binds: [{ ip: "*", port: port.port, ssl: false }],
        uses: [],
        defaultBackend: name,
        forwardFor: false,
      })),
    {
      name: "stats",
      mode: "http",
      acls: {},
      actions: [{ kind: "return", status: 200, body: "Statistics Report for HAProxy\n", when: ALWAYS }],
      binds: [{ ip: "*", port: STATS_PORT, ssl: false }],
      uses: [],
      defaultBackend: null,
      forwardFor: false,
    },
  ];
  return { fronts, backends, problems };
}

function backendOf({ name, service, servers, kind }: Taken, options: Options): Backend {
  const own = annotation(service, "aclMatch") === undefined;
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  // The Service's name goes from the path, so that the pod is asked for what comes after it.
  const strip: Action = { kind: "replace-path", from: `^/${escaped}(?:/(.*))?$`, to: "/\\1", when: ALWAYS };
  return {
    name,
    mode: kind === "tcp" ? "tcp" : "http",
    acls: {},
    actions: kind === "tcp" || !own ? [] : [strip],
    balance: algorithmOf(annotation(service, "algorithm")) ?? options.algorithm,
    servers,
    forwardFor: true,
    redispatch: true,
    retries: 3,
    connect: 5_000,
    silence: 50_000,
  };
}

function webFront(
  all: readonly Taken[],
  kind: "http" | "https",
  bind: { readonly port: number; readonly ssl: boolean },
  problems: Problem[],
  options: Options,
): Front {
  const acls: Record<string, readonly Test[]> = {};
  const uses: { backend: string; when: Condition }[] = [];
  for (const { name, service } of all.filter((one) => one.kind === kind)) {
    const url = `url_acl_${name}`;
    const stated = annotation(service, "aclMatch");
    const test = testOf(
      stated === undefined ? ["path_beg", `/${name}`] : stated.startsWith("/") ? ["path_beg", stated] : wordsOf(stated),
    );
    if (typeof test === "string") problems.push({ line: 0, message: `Service ${name}, aclMatch: ${test}` });
    else acls[url] = [test];
    const rows = [[{ not: false, acl: url }]];
    const host = annotation(service, "host");
    if (host !== undefined) {
      acls[`host_acl_${name}`] = [{ what: "hdr", of: "host", ignoreCase: true, values: [host] }];
      rows.push([{ not: false, acl: `host_acl_${name}` }]);
    }
    uses.push({ backend: name, when: { unless: false, any: rows } });
  }
  const none: Action = {
    kind: "deny",
    status: options.returnCode,
    when: { unless: true, any: uses.flatMap(({ when }) => when.any) },
  };
  return {
    name: kind === "http" ? "httpfrontend" : "httpsfrontend",
    mode: "http",
    acls,
    actions: [uses.length === 0 ? { kind: "deny", status: options.returnCode, when: ALWAYS } : none],
    binds: [{ ip: "*", ...bind }],
    uses,
    defaultBackend: null,
    forwardFor: true,
  };
}

export function serviceLoadBalancer(inputs: ProgramInputs, pod: Pod): Program {
  return {
    name: "the service load balancer",
    react: (heard) => haproxyReaction(serviceLoadBalancerConfig(inputs, pod), heard, inputs),
  };
}

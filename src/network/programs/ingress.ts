/**
 * An ingress controller at work: what it does with a request. It takes pod addresses from EndpointSlices, so its second connection
 * passes kube-proxy by, and the Service's session affinity with it.
 */
import { MILLISECOND } from "../../base/time.ts";
import type { Listener } from "../../kernel/host.ts";
import type { ProxyEndpoint } from "../../kernel/proxy-socket.ts";
import { claimsIngress, type IngressController, PROGRAM_ANNOTATION } from "../../model/ingress/controller.ts";
import type { Ingress, IngressClass } from "../../model/ingress/types.ts";
import { objectKey } from "../../model/meta/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import type { Service } from "../../model/service/types.ts";
import type { HttpHeader, HttpRequest, HttpResponse } from "../../model/trace/message.ts";
import type { Heard, Program, Reaction } from "../program.ts";
import { endpointAt, type ProgramInputs, readyEndpoints, servicePort } from "./endpoints.ts";
import { asHttp2, hostOf, splitPath } from "./http.ts";
import { type Make, makeOf } from "./ingress-makes.ts";
import { byAge, hostRank, normalPath, pathRegex, type Route, routeFor } from "./routing.ts";

/** What nginx or its like takes to choose a server. */
const THINKING = MILLISECOND / 4;

/** All Ingresses that a controller takes for its own, oldest first. */
export function ingressesOf({ reader }: ProgramInputs, controller: IngressController): readonly Ingress[] {
  const classNamed = (name: string): IngressClass | undefined =>
    reader.get<IngressClass>(objectKey("IngressClass", undefined, name));
  return byAge(reader.list<Ingress>("Ingress").filter((ingress) => claimsIngress(controller, ingress, classNamed)));
}

/** What a port of the controller's pod is for: by its name, else by its number. */
function purposeOf(pod: Pod, port: number): "http" | "https" | null {
  const named = pod.spec.containers.flatMap((c) => c.ports ?? []).find((p) => p.containerPort === port)?.name;
  if (named === "http" || named === "web") return "http";
  if (named === "https" || named === "websecure") return "https";
  // ingress-nginx: the admission webhook stands on 8443, health and metrics on 10254.
  if (named !== undefined && /hook|metric|health|stat|prom|admin|traefik|readi/.test(named)) return null;
  if (port === 443 || port === 8443) return "https";
  return port === 80 || port === 8080 || port === 8000 || pod.metadata.annotations?.[PROGRAM_ANNOTATION] !== undefined
    ? "http"
    : null;
}

/** The program behind a socket of a controller's pod; null: another port of it, which serves no Ingress. */
export function ingressProgram(
  inputs: ProgramInputs,
  pod: Pod,
  controller: IngressController,
  listener: Pick<Listener, "port">,
): Program | null {
  const make = makeOf(controller.flavour);
  if (listener.port !== null && purposeOf(pod, listener.port) === null) return null;
  return {
    name: make.name,
    react: (heard) => {
      const purpose = purposeOf(pod, heard.local.port);
      if (heard.says?.kind !== "http" || purpose === null) return null;
      return serve({ inputs, controller, make, heard, request: heard.says, tls: purpose === "https" });
    },
  };
}

interface Visit {
  readonly inputs: ProgramInputs;
  readonly controller: IngressController;
  readonly make: Make;
  readonly heard: Heard;
  readonly request: HttpRequest;
  /** Is this the port that speaks TLS? */
  readonly tls: boolean;
}

/** It answers itself. */
function answer(visit: Visit, note: string, status: number, headers: readonly HttpHeader[] = []): Reaction {
  const page = visit.make.page(visit.request, visit.heard.now, status, headers);
  return { kind: "answer", note, took: THINKING, response: spoken(visit, page) };
}

/** As its client gets it: TLS clients are spoken to in HTTP/2. */
function spoken({ make, tls }: Visit, response: HttpResponse): HttpResponse {
  if (!tls) return response;
  return asHttp2(response, make.hsts === null ? [] : [{ name: "strict-transport-security", value: make.hsts }]);
}

function serve(visit: Visit): Reaction {
  const { inputs, controller, make, request, tls } = visit;
  if (tls && request.scheme === "http") {
    return answer(visit, "answers 400: plain HTTP was sent to its HTTPS port", 400);
  }
  if (!tls && request.scheme === "https") {
    return {
      kind: "close",
      note: "takes the TLS hello on its plain HTTP port for a bad request, so the handshake fails",
      says: "curl: (35) error:0A00010B:SSL routines::wrong version number",
    };
  }
  const host = hostOf(request);
  const ingresses = ingressesOf(inputs, controller);
  const certificate = tls ? certificateNote(visit, ingresses, host) : "";
  if (certificate === null) {
    return {
      kind: "close",
      note: `has no certificate for ${host} and refuses the TLS handshake`,
      says: "curl: (35) OpenSSL SSL routines::tlsv1 unrecognized name",
    };
  }
  const { path, query } = splitPath(request.path);
  const route = routeFor(ingresses, host, normalPath(path), make.routing);
  if (route === null) {
    const known = ingresses.some(({ spec }) => spec.rules?.some((rule) => hostRank(rule.host ?? "", host) > 0));
    const why =
      ingresses.length === 0
        ? "no Ingress is its own"
        : known
          ? `no path of host ${host} matches ${path}`
          : `no Ingress of its own has a rule for host ${host === "" ? '""' : host}`;
    return answer(visit, `${certificate}answers 404, for ${why}`, 404);
  }
  if (!tls && isRedirected(make, route, ingresses, host)) {
    const to = `https://${host}${path}${query}`;
    const note = `sends the client to ${to} with ${make.redirect}, for ${nameOf(route.ingress)} has tls for this host`;
    return answer(visit, note, make.redirect ?? 308, [{ name: "Location", value: to }]);
  }
  return relay(visit, route, certificate, `${path}${query}`);
}

const nameOf = ({ metadata }: Ingress): string => `Ingress ${metadata.namespace ?? ""}/${metadata.name}`;

function tlsOf(ingress: Ingress, host: string): { readonly secretName?: string } | undefined {
  return ingress.spec.tls?.find(({ hosts = [] }) => hosts.some((pattern) => hostRank(pattern, host) > 1));
}

function isRedirected(make: Make, route: Route, ingresses: readonly Ingress[], host: string): boolean {
  if (make.redirect === null) return false;
  const { annotations = {} } = route.ingress.metadata;
  if (annotations["nginx.ingress.kubernetes.io/force-ssl-redirect"] === "true" && make.name === "ingress-nginx")
    return true;
  if (make.redirectAnnotation !== null && annotations[make.redirectAnnotation] === "false") return false;
  return ingresses.some((ingress) => tlsOf(ingress, host) !== undefined);
}

/** Which certificate it shows, for the note; null: none at all. */
function certificateNote({ inputs, make }: Visit, ingresses: readonly Ingress[], host: string): string | null {
  const untrusted = (why: string): string | null =>
    make.certificate === null ? null : `ends TLS with "${make.certificate}" (${why}; curl asks for -k), `;
  for (const ingress of ingresses) {
    const tls = tlsOf(ingress, host);
    if (tls === undefined) continue;
    const { secretName } = tls;
    if (secretName === undefined) return untrusted(`${nameOf(ingress)} names no secret`);
    const { namespace } = ingress.metadata;
    const found = inputs.reader.get(objectKey("Secret", namespace, secretName)) !== undefined;
    return found
      ? `ends TLS with the certificate of Secret ${namespace ?? ""}/${secretName}, `
      : untrusted(`Secret ${namespace ?? ""}/${secretName} does not exist`);
  }
  return untrusted(`no Ingress has tls for ${host}`);
}

/** A backend as far as it can be found. */
type Found =
  | { readonly endpoints: readonly ProxyEndpoint[]; readonly upstream: string; readonly what: string }
  | { readonly status: number; readonly why: string };

function backendOf({ inputs, make }: Visit, { ingress, backend }: Route): Found {
  const { reader, addressOf } = inputs;
  const { namespace = "" } = ingress.metadata;
  const { service: ref, resource } = backend;
  if (ref === undefined) {
    return { status: make.missing, why: `it knows nothing to do with the backend resource ${resource?.kind ?? ""}` };
  }
  const full = `${namespace}/${ref.name}`;
  const asked = ref.port?.number ?? ref.port?.name ?? "";
  const upstream = `${namespace}-${ref.name}-${asked}`;
  const service = reader.get<Service>(objectKey("Service", namespace, ref.name));
  if (service === undefined) return { status: make.missing, why: `Service ${full} does not exist` };
  if (service.spec.type === "ExternalName") {
    const name = service.spec.externalName ?? "";
    const port = ref.port?.number ?? servicePort(service, ref.port ?? {})?.port;
    const ip = addressOf?.(name) ?? null;
    return port === undefined || ip === null
      ? {
          status: make.empty,
          why: `the name ${name} of Service ${full} (ExternalName) has no address that it could dial`,
        }
      : { endpoints: [endpointAt(ip, port)], upstream, what: `Service ${full} is the name ${name}, which is ${ip}` };
  }
  const port = servicePort(service, ref.port ?? {});
  if (port === undefined) {
    const has = (service.spec.ports ?? []).map((p) => (p.name === undefined ? `${p.port}` : `${p.port} (${p.name})`));
    return { status: make.missing, why: `Service ${full} has no port ${asked}, only ${has.join(", ") || "none"}` };
  }
  const endpoints = readyEndpoints(reader, service, port);
  if (endpoints.length === 0) return { status: make.empty, why: `Service ${full} has no ready endpoint` };
  const many = `${endpoints.length} ready endpoint${endpoints.length === 1 ? "" : "s"}`;
  return { endpoints, upstream, what: `Service ${full} port ${asked} has ${many} in its EndpointSlices` };
}

/** The upstream's name as ingress-nginx has it (`default-web-80`), from the note of a hop where a request was passed on; null: of none. */
export function upstreamIn(note: string): string | null {
  const match = /: Service ([^/ ]+)\/(\S+) (?:port (\S+) has|is the name)/.exec(note);
  return match === null ? null : [match[1], match[2], ...(match[3] === undefined ? [] : [match[3]])].join("-");
}

function relay(visit: Visit, route: Route, certificate: string, path: string): Reaction {
  const { make, heard, request, tls } = visit;
  const met =
    route.path === null
      ? `takes the default backend of ${nameOf(route.ingress)}`
      : `matches host ${route.host || "*"} and path ${route.path.path} (${route.path.type}) of ${nameOf(route.ingress)}`;
  const found = backendOf(visit, route);
  if ("status" in found)
    return answer(visit, `${certificate}${met} and answers ${found.status}: ${found.why}`, found.status);
  const asked = rewritten(make, route, path);
  const incoming = { client: heard.source.ip, port: tls ? 443 : 80, scheme: tls ? "https" : "http" } as const;
  return {
    kind: "relay",
    name: found.upstream,
    note: `${certificate}${met}: ${found.what}${asked === path ? "" : `; by rewrite-target it is asked for ${asked}`}`,
    endpoints: found.endpoints,
    says: { ...request, scheme: "http", path: asked, headers: make.headers(request, incoming) },
    attempts: make.attempts,
    patience: make.connect,
    silence: make.read,
    failed: (outcome) => spoken(visit, make.page(request, heard.now, statusAfter(outcome))),
    returned: (response) => spoken(visit, { ...response, path: request.path }),
  };
}

/** `nginx.ingress.kubernetes.io/rewrite-target`: the whole path becomes this, with the groups that the rule's path has caught. */
function rewritten({ rewriteAnnotation }: Make, { ingress, path: met }: Route, asked: string): string {
  const target = rewriteAnnotation === null ? undefined : ingress.metadata.annotations?.[rewriteAnnotation];
  const { path, query } = splitPath(asked);
  const groups = target === undefined || met === null ? null : pathRegex(met.path)?.exec(normalPath(path));
  if (target === undefined || groups === null || groups === undefined) return asked;
  return `${target.replace(/\$(\d)/g, (_, n: string) => groups[Number(n)] ?? "")}${query}`;
}

function statusAfter(outcome: string | null): 502 | 503 | 504 {
  return outcome === null ? 503 : outcome === "timeout" ? 504 : 502;
}

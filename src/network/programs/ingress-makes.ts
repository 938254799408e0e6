/** How ingress controllers of different makes behave where the API leaves it open. */
import { type Micros, SECOND } from "../../base/time.ts";
import type { IngressFlavour } from "../../model/ingress/controller.ts";
import type { HttpHeader, HttpRequest, HttpResponse } from "../../model/trace/message.ts";
import { headerNamed, nginxPage, reasonOf, respond, withHeaders } from "./http.ts";
import type { RoutingRules } from "./routing.ts";

/** What a controller knows of the connection that a request came in by. */
export interface Incoming {
  readonly client: string;
  readonly port: number;
  readonly scheme: "http" | "https";
}

export interface Make {
  /** As a note names it. */
  readonly name: string;
  readonly routing: RoutingRules;
  /** What it says of a Service or a port that is not there, and of one without ready endpoints. */
  readonly missing: 404 | 502 | 503;
  readonly empty: 404 | 502 | 503;
  /** How it sends http to https where an Ingress has tls; null: it does not. */
  readonly redirect: 301 | 302 | 308 | null;
  /** Annotations of an Ingress that overrule it: "false" there turns it off. */
  readonly redirectAnnotation: string | null;
  /** The annotation of an Ingress that rewrites paths; null: it has none of that kind. */
  readonly rewriteAnnotation: string | null;
  /** Subject of the certificate that it shows where it has none for a host; null: it refuses the handshake. */
  readonly certificate: string | null;
  readonly hsts: string | null;
  /** How many endpoints it tries, how long a connect and how long an answer may take. */
  readonly attempts: number;
  readonly connect: Micros;
  readonly read: Micros;
  /** What it sends to a backend. */
  headers(request: HttpRequest, incoming: Incoming): readonly HttpHeader[];
  page(request: HttpRequest, now: Micros, status: number, headers?: readonly HttpHeader[]): HttpResponse;
}

const REWRITE = "nginx.ingress.kubernetes.io/rewrite-target";

const SPEC: RoutingRules = { specific: "elements", fallsThrough: false, anyDefault: true };
const NGINX: RoutingRules = { specific: "characters", fallsThrough: false, anyDefault: false };

const html =
  (server?: string): Make["page"] =>
  (request, now, status, headers = []) =>
    respond(request, now, status, { body: nginxPage(status, server), type: "text/html", headers });

/** Appended to what the client says of itself, for those that trust it. */
function appended(request: HttpRequest, client: string): string {
  const before = headerNamed(request, "X-Forwarded-For");
  return before === undefined ? client : `${before}, ${client}`;
}

const INGRESS_NGINX: Make = {
  name: "ingress-nginx",
  routing: {
    ...NGINX,
    isRegex: ({ metadata: { annotations = {} } }) =>
      REWRITE in annotations || annotations["nginx.ingress.kubernetes.io/use-regex"] === "true",
  },
  missing: 503,
  empty: 503,
  redirect: 308,
  redirectAnnotation: "nginx.ingress.kubernetes.io/ssl-redirect",
  rewriteAnnotation: REWRITE,
  certificate: "Kubernetes Ingress Controller Fake Certificate",
  hsts: "max-age=31536000; includeSubDomains",
  // proxy-next-upstream "error timeout", proxy-next-upstream-tries, proxy-connect-timeout, proxy-read-timeout.
  attempts: 3,
  connect: 5 * SECOND,
  read: 60 * SECOND,
  // use-forwarded-headers is off: what the client says of itself is replaced, and kept under another name.
  headers: (request, { client, port, scheme }) => {
    const before = headerNamed(request, "X-Forwarded-For");
    return withHeaders(request.headers, [
      { name: "X-Real-IP", value: client },
      { name: "X-Forwarded-For", value: client },
      { name: "X-Forwarded-Host", value: request.host },
      { name: "X-Forwarded-Port", value: String(port) },
      { name: "X-Forwarded-Proto", value: scheme },
      { name: "X-Forwarded-Scheme", value: scheme },
      { name: "X-Scheme", value: scheme },
      ...(before === undefined ? [] : [{ name: "X-Original-Forwarded-For", value: before }]),
    ]);
  },
  page: html(),
};

const MAKES: Readonly<Record<IngressFlavour, Make>> = {
  "ingress-nginx": INGRESS_NGINX,
  plain: {
    ...INGRESS_NGINX,
    name: "the ingress controller",
    routing: SPEC,
    certificate: "a certificate of its own",
    redirectAnnotation: null,
    rewriteAnnotation: null,
    hsts: null,
    page: html("ingress controller"),
  },
  // Its upstreams without endpoints lead to a port of its own that answers 502.
  nginx: {
    name: "the NGINX Ingress Controller",
    routing: NGINX,
    missing: 502,
    empty: 502,
    redirect: 301,
    redirectAnnotation: "nginx.org/redirect-to-https",
    rewriteAnnotation: null,
    certificate: "NGINXIngressController",
    hsts: null,
    attempts: 3,
    connect: 60 * SECOND,
    read: 60 * SECOND,
    headers: (request, { client, port, scheme }) =>
      withHeaders(request.headers, [
        { name: "X-Real-IP", value: client },
        { name: "X-Forwarded-For", value: appended(request, client) },
        { name: "X-Forwarded-Host", value: request.host },
        { name: "X-Forwarded-Port", value: String(port) },
        { name: "X-Forwarded-Proto", value: scheme },
      ]),
    page: html(),
  },
  traefik: {
    name: "Traefik",
    routing: { specific: "elements", fallsThrough: true, anyDefault: false },
    missing: 404,
    empty: 503,
    redirect: null,
    redirectAnnotation: null,
    rewriteAnnotation: null,
    certificate: "TRAEFIK DEFAULT CERT",
    hsts: null,
    attempts: 1,
    connect: 30 * SECOND,
    read: 60 * SECOND,
    // Headers of clients that are not among its trustedIPs are dropped first.
    headers: (request, { client, port, scheme }) =>
      withHeaders(request.headers, [
        { name: "X-Forwarded-For", value: client },
        { name: "X-Forwarded-Host", value: request.host },
        { name: "X-Forwarded-Port", value: String(port) },
        { name: "X-Forwarded-Proto", value: scheme },
        { name: "X-Real-Ip", value: client },
      ]),
    page: (request, now, status, headers = []) =>
      respond(request, now, status, {
        body:
          status === 404
            ? "404 page not found\n"
            : status < 400
              ? ""
              : status === 503
                ? "no available server\n"
                : reasonOf(status),
        type: "text/plain; charset=utf-8",
        headers,
      }),
  },
  haproxy: {
    name: "the HAProxy ingress controller",
    routing: { specific: "characters", fallsThrough: true, anyDefault: false },
    missing: 503,
    empty: 503,
    redirect: 302,
    redirectAnnotation: "haproxy.org/ssl-redirect",
    rewriteAnnotation: null,
    certificate: "a certificate of its own",
    hsts: null,
    attempts: 4,
    connect: 5 * SECOND,
    read: 50 * SECOND,
    headers: (request, { client, scheme }) => [
      ...withHeaders(request.headers, [{ name: "X-Forwarded-Proto", value: scheme }]),
      { name: "X-Forwarded-For", value: client },
    ],
    page: (request, now, status, headers = []) => haproxyPage(request, now, status, headers),
  },
};

/** HAProxy's words for what it answers itself. */
const HAPROXY: Readonly<Record<number, string>> = {
  400: "Your browser sent an invalid request.",
  403: "Request forbidden by administrative rules.",
  404: "The resource could not be found.",
  502: "The server returned an invalid or incomplete response.",
  503: "No server is available to handle this request.",
  504: "The server didn't respond in time.",
};

export function haproxyPage(
  request: HttpRequest,
  now: Micros,
  status: number,
  headers: readonly HttpHeader[] = [],
): HttpResponse {
  const words = HAPROXY[status];
  const body =
    words === undefined ? "" : `<html><body><h1>${status} ${reasonOf(status)}</h1>\n${words}\n</body></html>\n`;
  return respond(request, now, status, { body, type: "text/html", headers });
}

export function makeOf(flavour: IngressFlavour): Make {
  return MAKES[flavour];
}

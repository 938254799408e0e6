/** An ingress controller that answers 404, 502, 503 or 504 itself: whose the Ingress is, which rule fits, and what its backend means. */
import { compareStrings } from "../../base/compare.ts";
import type { JsonValue } from "../../base/json.ts";
import { type IngressController, ingressControllerOf } from "../../model/ingress/controller.ts";
import {
  INGRESS_CLASS_ANNOTATION,
  type Ingress,
  type IngressBackend,
  type IngressClass,
} from "../../model/ingress/types.ts";
import { keyOf, objectKey } from "../../model/meta/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import { makeOf } from "../../network/programs/ingress-makes.ts";
import { ingressesOf } from "../../network/programs/ingress.ts";
import { hostRank, type Route, routeFor } from "../../network/programs/routing.ts";
import { saidBy } from "../front.ts";
import { nearness } from "../nearness.ts";
import type { Case, Clue, Diagnoser, Front, Remedy, Suspicion } from "../types.ts";
import { endpointsNotReady } from "./endpoints-not-ready.ts";
import { namedPortMissing } from "./named-port-missing.ts";
import { noEndpoints } from "./no-endpoints.ts";
import { policyDenies } from "./policy-denies.ts";
import { selectorNoMatch } from "./selector-no-match.ts";
import { listenerLoopback, targetPortClosed } from "./target-port-closed.ts";

const nameOf = ({ metadata }: Ingress): string => `${metadata.namespace ?? "default"}/${metadata.name}`;

const backendPath = ({ ingress, path, host }: Route): string => {
  if (path === null) return "spec.defaultBackend";
  const i = (ingress.spec.rules ?? []).findIndex(
    (rule) => (rule.host ?? "") === host && (rule.http?.paths ?? []).some((one) => isPath(one, path)),
  );
  const j = (ingress.spec.rules?.[i]?.http?.paths ?? []).findIndex((one) => isPath(one, path));
  return `spec.rules[${String(i)}].http.paths[${String(j)}].backend`;
};

const isPath = (
  one: { readonly path?: string; readonly pathType: string },
  met: { readonly path: string; readonly type: string },
): boolean => (one.path === undefined || one.path === "" ? "/" : one.path) === met.path && one.pathType === met.type;

/** What one part of the diagnosis has to say. */
interface Said {
  readonly cause: string;
  readonly evidence: readonly Clue[];
  readonly remedies: readonly Remedy[];
  readonly otherwise: string;
}

/** Classes that a controller serves, by name. */
function classesOf({ objects }: Case, controller: IngressController): readonly string[] {
  if (controller.controller === null) return controller.className === null ? [] : [controller.className];
  return objects
    .list<IngressClass>("IngressClass")
    .filter(({ spec }) => spec.controller === controller.controller)
    .map(({ metadata }) => metadata.name);
}

/** An Ingress that would do, were it the controller's. */
function notItsOwn(given: Case, ingress: Ingress, controller: IngressController): Said {
  const key = keyOf(ingress);
  const { ingressClassName } = ingress.spec;
  const annotated = ingress.metadata.annotations?.[INGRESS_CLASS_ANNOTATION];
  const classes = [...classesOf(given, controller)].sort(
    (a, b) =>
      nearness(a, ingressClassName ?? annotated ?? "") - nearness(b, ingressClassName ?? annotated ?? "") ||
      compareStrings(a, b),
  );
  const known = given.objects.get<IngressClass>(objectKey("IngressClass", undefined, ingressClassName ?? ""));
  const make = makeOf(controller.flavour).name;
  const serves = classes.length === 0 ? "no IngressClass that there is" : `class ${classes.join(", ")}`;
  const wanted = ingressClassName ?? controller.className;
  const others: Remedy[] =
    controller.controller === null || known !== undefined || wanted === null
      ? []
      : [
          {
            title: `Add the IngressClass ${wanted}`,
            edits:
              ingressClassName === undefined && annotated === undefined
                ? [{ object: key, path: "spec.ingressClassName", to: wanted }]
                : [],
            adds: [
              {
                apiVersion: "networking.k8s.io/v1",
                kind: "IngressClass",
                metadata: { name: wanted },
                spec: { controller: controller.controller },
              },
            ],
          },
        ];
  const cause =
    controller.namespace !== null && controller.namespace !== ingress.metadata.namespace
      ? `Ingress ${nameOf(ingress)} has a rule for this, but the controller watches namespace ${controller.namespace} only.`
      : ingressClassName !== undefined
        ? `Ingress ${nameOf(ingress)} has a rule for this, but its ingressClassName is ${ingressClassName}${known === undefined && controller.controller !== null ? ", an IngressClass that does not exist," : ""} and ${make} serves ${serves}: it passes the Ingress over.`
        : annotated !== undefined && annotated !== ""
          ? `Ingress ${nameOf(ingress)} has a rule for this, but its annotation ${INGRESS_CLASS_ANNOTATION} is ${annotated} and ${make} serves ${serves}: it passes the Ingress over.`
          : `Ingress ${nameOf(ingress)} has a rule for this, but names no ingressClassName, and no IngressClass is the default: ${make} passes it over.`;
  const byField = classes.map((name) => ({
    title: `Set ingressClassName ${name}`,
    edits: [{ object: key, path: "spec.ingressClassName", to: name }],
  }));
  const byAnnotation = (controller.className === null ? [] : [controller.className]).map((name) => ({
    title: `Set the class ${name}`,
    edits: [{ object: key, path: `metadata.annotations[${INGRESS_CLASS_ANNOTATION}]`, to: name }],
  }));
  return {
    cause,
    evidence: [
      {
        kind: "object",
        object: key,
        path:
          annotated !== undefined && ingressClassName === undefined
            ? `metadata.annotations[${INGRESS_CLASS_ANNOTATION}]`
            : "spec.ingressClassName",
        shows: ingressClassName ?? annotated ?? "none",
      },
      { kind: "walk", shows: `the controller serves ${serves}` },
    ],
    remedies:
      annotated !== undefined && ingressClassName === undefined
        ? [...byAnnotation, ...byField]
        : [...byField, ...others],
    otherwise: "Give the Ingress the class of a controller that runs here.",
  };
}

/** The Ingresses that it takes have no rule for this host, or no path for this one. */
function noRule(given: Case, front: Front): Said {
  const { host, path, own } = front;
  const rules = own.flatMap((ingress) =>
    (ingress.spec.rules ?? []).map((rule, i) => ({ ingress, rule, at: `spec.rules[${String(i)}]` })),
  );
  const met = rules.filter(({ rule }) => hostRank(rule.host ?? "", host) > 0);
  const isAddress = /^[\d.]+$|:/.test(host);
  if (met.length > 0) {
    const paths = met.flatMap(({ ingress, rule, at }) =>
      (rule.http?.paths ?? []).map((one, j) => ({ ingress, one, at: `${at}.http.paths[${String(j)}]` })),
    );
    const near = [...paths].sort((a, b) => nearness(a.one.path ?? "/", path) - nearness(b.one.path ?? "/", path))[0];
    const has = paths.map(({ one }) => `${one.path ?? "/"} (${one.pathType})`).join(", ");
    const object = near === undefined ? null : keyOf(near.ingress);
    const fits = near !== undefined && path.startsWith(near.one.path ?? "/");
    return {
      cause: `Ingress ${near === undefined ? "" : nameOf(near.ingress)} has rules for host ${host}, but no path of it matches ${path}: it has ${has === "" ? "none" : has}.`,
      evidence:
        near === undefined || object === null
          ? []
          : [
              {
                kind: "object",
                object,
                path: `${near.at}.path`,
                shows: `${near.one.path ?? "/"} (${near.one.pathType})`,
              },
            ],
      remedies:
        near === undefined || object === null
          ? []
          : [
              ...(fits && near.one.pathType === "Exact"
                ? [
                    {
                      title: "Match the path as a prefix",
                      edits: [{ object, path: `${near.at}.pathType`, to: "Prefix" }],
                    },
                  ]
                : []),
              { title: `Match path ${path}`, edits: [{ object, path: `${near.at}.path`, to: path }] },
            ],
      otherwise: "Ask for a path that a rule has.",
    };
  }
  const near = rules
    .filter(({ rule }) => rule.host !== undefined && rule.host !== "")
    .sort((a, b) => nearness(a.rule.host ?? "", host) - nearness(b.rule.host ?? "", host))[0];
  const hosts = [...new Set(rules.map(({ rule }) => rule.host ?? "*"))].join(", ");
  const object = near === undefined ? null : keyOf(near.ingress);
  return {
    cause:
      own.length === 0
        ? `The ingress controller ${given.request.to} leads to has no Ingress that is its own, so it answers 404 to everything.`
        : `No Ingress has a rule for host ${host === "" ? "(none)" : host}: the controller knows ${hosts === "" ? "no host" : hosts}.`,
    evidence:
      near === undefined || object === null
        ? []
        : [{ kind: "object", object, path: `${near.at}.host`, shows: near.rule.host ?? "" }],
    remedies:
      near === undefined || object === null
        ? []
        : [
            ...(isAddress || host === ""
              ? []
              : [{ title: `Serve host ${host}`, edits: [{ object, path: `${near.at}.host`, to: host }] }]),
            { title: "Serve every host", edits: [{ object, path: `${near.at}.host`, to: null }] },
          ],
    otherwise:
      own.length === 0
        ? "Write an Ingress of the controller's class for this host."
        : "Ask by a name that a rule has: curl -H 'Host: NAME', or --resolve.",
  };
}

/** What stands behind the Service, as the other findings tell it. */
const BEHIND: readonly Diagnoser[] = [
  namedPortMissing,
  selectorNoMatch,
  endpointsNotReady,
  policyDenies,
  listenerLoopback,
  targetPortClosed,
  noEndpoints,
];

function badBackend(given: Case, front: Front, route: Route): Said {
  const { view } = given;
  const namespace = route.ingress.metadata.namespace ?? "default";
  const object = keyOf(route.ingress);
  const path = `${backendPath(route)}.service`;
  const ref: NonNullable<IngressBackend["service"]> = route.backend.service ?? { name: "" };
  const asked = String(ref.port?.number ?? ref.port?.name ?? "");
  const service = view.service(namespace, ref.name);
  const says = `Ingress ${nameOf(route.ingress)} sends to Service ${namespace}/${ref.name} port ${asked}`;
  if (service === undefined) {
    const here = view
      .services()
      .filter(({ metadata }) => (metadata.namespace ?? "default") === namespace && metadata.name !== "kubernetes")
      .sort(
        (a, b) =>
          nearness(a.metadata.name, ref.name) - nearness(b.metadata.name, ref.name) ||
          compareStrings(a.metadata.name, b.metadata.name),
      );
    const elsewhere = view.services().find(({ metadata }) => metadata.name === ref.name);
    return {
      cause: `${says}, and there is no such Service in its namespace${elsewhere === undefined ? "" : ` (namespace ${elsewhere.metadata.namespace ?? ""} has one, but an Ingress reaches Services of its own namespace only)`}: the controller answers ${String(front.status)}.`,
      evidence: [{ kind: "object", object, path: `${path}.name`, shows: `${ref.name}: no such Service` }],
      remedies: here.flatMap(({ metadata, spec }) => {
        const name = { object, path: `${path}.name`, to: metadata.name };
        const ports = spec.ports ?? [];
        const hasPort = ports.some((one) => one.port === ref.port?.number || one.name === ref.port?.name);
        const first = ports[0]?.port;
        const title = `Send to Service ${metadata.name}`;
        return hasPort || first === undefined
          ? [{ title, edits: [name] }]
          : [{ title, edits: [name, { object, path: `${path}.port`, to: { number: first } }] }];
      }),
      otherwise: "Add a Service of that name to the Ingress's namespace.",
    };
  }
  const key = keyOf(service);
  if (given.target.port === null) {
    const ports = service.spec.ports ?? [];
    const wanted = ref.port?.number;
    const ofPods = ports.find(({ targetPort }) => String(targetPort) === asked);
    const has = ports.map(({ name, port }) => (name === undefined ? String(port) : `${String(port)} (${name})`));
    const sorted = [...ports].sort(
      (a, b) =>
        Number(b === ofPods) - Number(a === ofPods) ||
        nearness(a.name ?? String(a.port), asked) - nearness(b.name ?? String(b.port), asked),
    );
    return {
      cause: `${says}, and that Service has no port ${asked}, only ${has.join(", ")}${ofPods === undefined ? "" : `; ${asked} is its targetPort`}: an Ingress means the Service's own port, and the controller answers ${String(front.status)}.`,
      evidence: [
        { kind: "object", object, path: `${path}.port`, shows: asked },
        { kind: "object", object: key, path: "spec.ports", shows: has.join(", ") },
      ],
      remedies: sorted.map(({ port, name }) => {
        const title = `Send to port ${wanted === undefined && name !== undefined ? name : String(port)}`;
        if (wanted !== undefined) return { title, edits: [{ object, path: `${path}.port.number`, to: port }] };
        return name === undefined
          ? { title, edits: [{ object, path: `${path}.port`, to: { number: port } as JsonValue }] }
          : { title, edits: [{ object, path: `${path}.port.name`, to: name }] };
      }),
      otherwise: "Give the Service such a port.",
    };
  }
  const inner = BEHIND.flatMap((look): readonly Suspicion[] => look(given))[0];
  return {
    cause: `${says}, and the controller answers ${String(front.status)}: ${inner?.cause ?? `${front.status === 503 ? "the Service has no ready endpoint" : "what it sends there is not answered"}.`}`,
    evidence: [
      { kind: "object", object, path: `${path}.name`, shows: `${ref.name} port ${asked}` },
      ...(inner?.evidence ?? [{ kind: "object" as const, object: key, path: "spec.selector", shows: "the backend" }]),
    ],
    remedies: inner?.remedies ?? [],
    otherwise: inner?.otherwise ?? "Look at the Service behind the Ingress.",
  };
}

/** An Ingress has a rule for the name, and the name leads nowhere: nobody serves it, or nobody publishes it. */
function unpublished(given: Case): readonly Suspicion[] {
  const { target, failed, objects, request, view } = given;
  const says = saidBy(request);
  if (target.name === null || target.service !== null || says === null) return [];
  if (!failed.some(({ walk }) => walk.outcome === "name-error")) return [];
  const host = target.name.replace(/\.$/, "").toLowerCase();
  const ingress = objects
    .list<Ingress>("Ingress")
    .find(({ spec }) => (spec.rules ?? []).some((rule) => hostRank(rule.host ?? "", host) > 1));
  if (ingress === undefined) return [];
  const controllers = objects
    .list<Pod>("Pod")
    .flatMap((pod) => ingressControllerOf(pod) ?? [])
    .filter((one, i, all) => all.findIndex((other) => other.flavour === one.flavour) === i);
  const claimed = controllers.some((one) =>
    ingressesOf({ reader: objects }, one).some(
      ({ metadata }) => keyOf(ingress) === objectKey("Ingress", metadata.namespace, metadata.name),
    ),
  );
  const first = controllers[0];
  const hasAddress = (ingress.status.loadBalancer.ingress ?? []).length > 0;
  const annotation = "external-dns.alpha.kubernetes.io/hostname";
  const said: Said =
    first === undefined
      ? {
          cause: `Ingress ${nameOf(ingress)} has a rule for ${host}, but no ingress controller runs in this cluster: an Ingress alone does nothing.`,
          evidence: [{ kind: "object", object: keyOf(ingress), path: "spec.rules", shows: "ADDRESS is empty" }],
          remedies: [],
          otherwise: "Deploy an ingress controller, with a Service that leads to it from outside.",
        }
      : !claimed
        ? notItsOwn(given, ingress, first)
        : {
            cause: hasAddress
              ? `Ingress ${nameOf(ingress)} has a rule for ${host}, but nobody publishes that name: no resolver knows it.`
              : `Ingress ${nameOf(ingress)} has a rule for ${host}, but no address yet, so the name leads nowhere.`,
            evidence: [{ kind: "object", object: keyOf(ingress), path: "spec.rules", shows: host }],
            remedies: hasAddress
              ? [
                  {
                    title: `Publish ${host}`,
                    edits: [{ object: keyOf(ingress), path: `metadata.annotations[${annotation}]`, to: host }],
                  },
                ]
              : [],
            otherwise: `Publish the name, or dial the controller's address with the header Host: ${host}.`,
          };
  return [suspicion(said, failed[0]?.end?.at ?? null, ingress.metadata.namespace ?? view.cluster.dnsDomain)];
}

const suspicion = (
  { cause, evidence, remedies, otherwise }: Said,
  hop: Suspicion["hop"],
  namespace: string,
): Suspicion => ({
  id: "INGRESS-BACKEND",
  severity: "error",
  hop,
  evidence,
  cause,
  remedies,
  otherwise,
  command: `kubectl -n ${namespace} describe ingress`,
  // What a pod behind it says, be it "not found", has come through.
  isMended: ({ walks }, fork) =>
    walks.length > 0 && fork.front === null && walks.every(({ outcome }) => outcome === "delivered"),
});

export const ingressBackend: Diagnoser = (given) => {
  const { front, objects } = given;
  if (front === null) return unpublished(given);
  const { route, branch, host, path, controller } = front;
  const { walk, index } = branch;
  const last = walk.hops.findLast(({ stage }) => stage === "socket");
  const hop =
    branch.end?.at ??
    (last === undefined
      ? null
      : {
          walk: index,
          child: [],
          leg: "request" as const,
          index: last.index,
          place: last.place,
          label: last.label,
          note: last.note,
        });
  if (route !== null) {
    return [suspicion(badBackend(given, front, route), hop, route.ingress.metadata.namespace ?? "default")];
  }
  const any = routeFor(objects.list<Ingress>("Ingress"), host, path, makeOf(controller.flavour).routing);
  const isForeign = any !== null && any.path !== null;
  const said = isForeign ? notItsOwn(given, any.ingress, controller) : noRule(given, front);
  return [suspicion(said, hop, any?.ingress.metadata.namespace ?? front.own[0]?.metadata.namespace ?? "default")];
};

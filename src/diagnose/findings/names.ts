/** Names that lead nowhere: looked for in the wrong namespace, at a name server that is gone, or of pods that have none. */
import { editDistance } from "../../base/edit-distance.ts";
import { keyOf, objectKey } from "../../model/meta/types.ts";
import type { Deployment } from "../../model/deployment/types.ts";
import type { Client } from "../../model/kubehop/types.ts";
import type { StatefulSet } from "../../model/statefulset/types.ts";
import type { Service } from "../../model/service/types.ts";
import type { Exploration, Walk } from "../../model/trace/types.ts";
import { saidBy } from "../front.ts";
import type { Pod } from "../../model/pod/types.ts";
import { endpointsOf, makerOf, serviceKey, serviceName } from "../endpoints.ts";
import { namespaceOf } from "../target.ts";
import type { Case, Diagnoser, Remedy, Suspicion } from "../types.ts";

/** The name was asked for, and whoever was asked said that there is no such name, or nothing. */
const unresolved = ({ failed, target }: Case): boolean =>
  target.name !== null && failed.some(({ walk }) => walk.outcome === "name-error");

const lookups = (walk: Walk): readonly Walk[] => walk.children.filter(({ role }) => role === "dns");

const isCluster = (from: string): boolean => !from.startsWith("client/") && !from.startsWith("node/");

export const searchPath: Diagnoser = (given) => {
  const { target, request, view, failed } = given;
  const name = target.name?.replace(/\.$/, "");
  if (name === undefined || !unresolved(given) || !isCluster(request.from)) return [];
  const [first = "", ...rest] = name.split(".");
  const own = namespaceOf(request.from);
  if (rest.length > 0 && !(rest.length === 1 && rest[0] === own)) return [];
  if (view.service(own, first) !== undefined) return [];
  const elsewhere = view.services().filter(({ metadata }) => metadata.name === first && metadata.namespace !== own);
  const found = elsewhere[0];
  if (found === undefined) return [];
  const namespace = found.metadata.namespace ?? "default";
  const full = `${first}.${namespace}.svc.${view.cluster.dnsDomain}`;
  return [
    {
      id: "DNS-SEARCH-PATH",
      severity: "error",
      hop: failed[0]?.end?.at ?? null,
      evidence: [
        {
          kind: "object",
          object: serviceKey(found),
          path: "metadata.namespace",
          shows: `${first} is in namespace ${namespace}`,
        },
        { kind: "walk", shows: failed[0]?.walk.summary ?? "" },
      ],
      cause: `The sender is in namespace ${own}: its search path completes ${name} to ${first}.${own}.svc.${view.cluster.dnsDomain} and never to namespace ${namespace}, where Service ${serviceName(found)} is.`,
      remedies: [],
      otherwise: `The name is in the client, not in the text: dial ${first}.${namespace} or ${full}.`,
      command: `kubectl -n ${own} exec POD -- nslookup ${first}.${namespace}`,
    },
  ];
};

/** The pod asks a name server of its own choice, and that one does not answer. */
function ownNameserver(
  { request, objects, view, isWritten }: Case,
  dns: Service | undefined,
): Pick<Suspicion, "cause" | "evidence" | "remedies" | "otherwise" | "command"> | null {
  const [kind, namespace = "", name = ""] = request.from.split("/");
  const pod =
    kind === "pod" ? objects.get<Pod>(objectKey("Pod", namespace, name)) : view.podsOfDeployment(namespace, name)[0];
  if (pod?.spec.dnsPolicy !== "None") return null;
  const { nameservers = [] } = (pod.spec.dnsConfig ?? {}) as { readonly nameservers?: readonly string[] };
  const right = dns?.spec.clusterIP;
  if (right === undefined || nameservers.includes(right)) return null;
  const { key, template } = makerOf(objects, pod);
  const path = `${template}spec.dnsConfig.nameservers`;
  return {
    cause: `dnsPolicy of pod ${pod.metadata.name} is None, and the name server that its dnsConfig gives it, ${nameservers.join(", ")}, does not answer; the cluster's is ${right}.`,
    evidence: [{ kind: "object", object: key, path, shows: nameservers.join(", ") }],
    remedies: isWritten(key)
      ? [
          { title: `Ask ${right}`, edits: [{ object: key, path: `${path}[0]`, to: right }] },
          {
            title: "Use dnsPolicy ClusterFirst",
            edits: [{ object: key, path: `${template}spec.dnsPolicy`, to: "ClusterFirst" }],
          },
        ]
      : [],
    otherwise: `Ask ${right}, or leave dnsPolicy at ClusterFirst.`,
    command: `kubectl -n ${namespace} exec ${pod.metadata.name} -- cat /etc/resolv.conf`,
  };
}

/** kube-dns of the text selects other pods than CoreDNS's. */
function wrongSelector({ objects, isWritten }: Case, dns: Service | undefined): readonly Remedy[] {
  if (dns === undefined || !isWritten(serviceKey(dns)) || endpointsOf(objects, dns).ready > 0) return [];
  const pod = objects
    .list<Pod>("Pod", "kube-system")
    .find(({ spec }) => spec.containers.some(({ image = "" }) => /(^|\/)coredns([:@]|$)/.test(image)));
  const label = pod?.metadata.labels?.["k8s-app"];
  if (label === undefined) return [];
  return [
    {
      title: `Select k8s-app=${label}`,
      edits: [{ object: serviceKey(dns), path: "spec.selector", to: { "k8s-app": label } }],
    },
  ];
}

export const dnsDown: Diagnoser = (given) => {
  const { objects, failed, view, target } = given;
  if (target.name === null || !unresolved(given)) return [];
  const asked = failed.flatMap(({ walk }) => lookups(walk));
  // An answer, even "no such name", is not a name server that is down; a policy that drops the question is another finding.
  if (asked.some(({ dns }) => dns !== undefined && dns.rcode !== "SERVFAIL")) return [];
  if (
    asked.some(({ hops, reply }) =>
      [...hops, ...reply].some(({ stage, verdict }) => stage === "policy" && verdict === "drop"),
    )
  )
    return [];
  const key = objectKey("Service", "kube-system", "kube-dns");
  const service = objects.get<Service>(key);
  const ready = service === undefined ? 0 : endpointsOf(objects, service).ready;
  const deployment = objects
    .list<Deployment>("Deployment", "kube-system")
    .find(({ spec }) => spec.template.metadata?.labels?.["k8s-app"] === "kube-dns");
  const scaled = deployment?.spec.replicas === 0;
  const last = asked.at(-1);
  const wrong = ownNameserver(given, service);
  if (wrong !== null) return [{ ...wrong, id: "DNS-DOWN", severity: "error", hop: failed[0]?.end?.at ?? null }];
  const selector = wrongSelector(given, service);
  return [
    {
      id: "DNS-DOWN",
      severity: "error",
      hop: failed[0]?.end?.at ?? null,
      evidence: [
        service === undefined
          ? { kind: "walk", shows: "there is no Service kube-system/kube-dns" }
          : { kind: "object", object: key, path: "spec.selector", shows: `${String(ready)} ready endpoints` },
        ...(deployment === undefined
          ? []
          : [
              {
                kind: "object" as const,
                object: keyOf(deployment),
                path: "spec.replicas",
                shows: `replicas ${String(deployment.spec.replicas ?? 1)}`,
              },
            ]),
      ],
      cause: `No name server answers: ${service === undefined ? "there is no kube-dns Service" : ready === 0 ? `kube-dns (${service.spec.clusterIP ?? ""}) has no ready CoreDNS pod behind it` : `questions to kube-dns (${service.spec.clusterIP ?? ""}) get no answer: ${(last?.summary ?? "").replace(/\.$/, "")}`}. No name of ${view.cluster.dnsDomain} can be looked up.`,
      remedies:
        scaled && deployment !== undefined
          ? [{ title: "Scale CoreDNS to 2", edits: [{ object: keyOf(deployment), path: "spec.replicas", to: 2 }] }]
          : selector,
      otherwise: "CoreDNS is not part of this text: see what its pods say, and scale or restart its Deployment.",
      command: "kubectl -n kube-system get pods -l k8s-app=kube-dns",
    },
  ];
};

export const statefulSetDns: Diagnoser = (given) => {
  const { target, request, objects, view, failed } = given;
  const name = target.name?.replace(/\.$/, "");
  // A Service with an address gives its pods names too, which is CoreDNS's own doing.
  const isLucky = failed.length === 0 && given.branches.length > 0;
  if (name === undefined || !(unresolved(given) || isLucky)) return [];
  const domain = `.svc.${view.cluster.dnsDomain}`;
  const short = name.endsWith(domain)
    ? name.slice(0, -domain.length)
    : name.endsWith(".svc")
      ? name.slice(0, -4)
      : name;
  const [pod = "", second = "", third] = short.split(".");
  const namespace = third ?? namespaceOf(request.from);
  const ordinal = /^(.+)-(\d+)$/.exec(pod);
  if (ordinal === null) return [];
  const set = objects.get<StatefulSet>(objectKey("StatefulSet", namespace, ordinal[1] ?? ""));
  if (set === undefined) return [];
  const key = keyOf(set);
  const governing = set.spec.serviceName;
  const service = governing === undefined ? undefined : view.service(namespace, governing);
  const dialled = view.service(namespace, second);
  const wrongName = second !== "" && second !== governing;
  const headless = service?.spec.clusterIP === "None";
  if (isLucky && (headless || service === undefined || wrongName)) return [];
  const cause = isLucky
    ? `Service ${namespace}/${governing ?? ""} has a ClusterIP and is not headless: ${name} resolves because CoreDNS answers for the pods of any Service, while a StatefulSet promises that only of a headless one (clusterIP: None).`
    : second === ""
      ? `Pods of StatefulSet ${namespace}/${set.metadata.name} have names below their governing Service: ${pod}.${governing ?? "SERVICE"}, not ${pod} alone.`
      : wrongName
        ? governing === undefined || governing === ""
          ? `StatefulSet ${namespace}/${set.metadata.name} has no serviceName, so its pods have no names of their own, and ${pod}.${second} does not exist.`
          : `StatefulSet ${namespace}/${set.metadata.name} has serviceName ${governing}, so its pods are ${pod}.${governing}, and ${pod}.${second} does not exist.`
        : service === undefined
          ? `StatefulSet ${namespace}/${set.metadata.name} has serviceName ${governing ?? ""}, and there is no Service of that name: its pods have no names.`
          : headless
            ? `Pod ${pod} has no name now: it is not ready, or it is not there.`
            : `Service ${namespace}/${governing ?? ""} has a ClusterIP; only a headless Service (clusterIP: None) gives pods names of their own.`;
  return [
    {
      id: "STATEFULSET-DNS",
      severity: isLucky ? "note" : "error",
      hop: failed[0]?.end?.at ?? null,
      evidence: [
        { kind: "object", object: key, path: "spec.serviceName", shows: governing ?? "none" },
        ...(service === undefined
          ? []
          : [
              {
                kind: "object" as const,
                object: serviceKey(service),
                path: "spec.clusterIP",
                shows: service.spec.clusterIP ?? "",
              },
            ]),
      ],
      cause,
      remedies: [
        ...(wrongName && dialled !== undefined
          ? [{ title: `Set serviceName ${second}`, edits: [{ object: key, path: "spec.serviceName", to: second }] }]
          : []),
        ...(!wrongName && service !== undefined && !headless
          ? [
              {
                title: "Make the Service headless",
                edits: [{ object: serviceKey(service), path: "spec.clusterIP", to: "None" }],
              },
            ]
          : []),
        ...(!wrongName && governing !== undefined && service === undefined
          ? [
              {
                title: `Add the headless Service ${governing}`,
                edits: [],
                adds: [
                  {
                    apiVersion: "v1",
                    kind: "Service",
                    metadata: { name: governing, namespace },
                    spec: {
                      clusterIP: "None",
                      selector: { ...set.spec.template.metadata?.labels },
                      ports: [{ port: target.number }],
                    },
                  },
                ],
              },
            ]
          : []),
      ],
      otherwise:
        second === governing && service !== undefined && headless
          ? `StatefulSet ${set.metadata.name} has pods up to ${set.metadata.name}-${String(Math.max(0, (set.spec.replicas ?? 1) - 1))}, and names only for those that are ready.`
          : `Dial ${pod}.${governing ?? "SERVICE"}, the name that the pod has.`,
      ...(isLucky
        ? {
            isMended: (_: Exploration, fork: Case) =>
              fork.failed.length === 0 && fork.target.service?.spec.clusterIP !== "",
          }
        : {}),
      command: `kubectl -n ${namespace} get statefulset ${set.metadata.name} -o jsonpath='{.spec.serviceName}'`,
    },
  ];
};

/** Names that an alias may be meant for: of machines outside, and of Services that are spelled almost so. */
function aliases({ objects, view, target }: Case): readonly string[] {
  const external = target.service?.spec.externalName ?? "";
  const near = view
    .services()
    .map(({ metadata }) => `${metadata.name}.${metadata.namespace ?? "default"}.svc.${view.cluster.dnsDomain}`)
    .map((name) => ({ name, far: editDistance(name, external) }))
    .filter(({ far }) => far > 0 && far <= 4)
    .toSorted((a, b) => a.far - b.far);
  return [...near.map(({ name }) => name), ...objects.list<Client>("Client").flatMap(({ spec }) => spec.names ?? [])];
}

export const externalNameLimits: Diagnoser = (given) => {
  const { target, failed, view, branches, request } = given;
  const { service } = target;
  if (service?.spec.type !== "ExternalName") return [];
  const key = serviceKey(service);
  const external = service.spec.externalName ?? "";
  const mapped = (service.spec.ports ?? []).some(
    ({ port, targetPort }) => port === target.number && targetPort !== port,
  );
  const literal = /^\d+\.\d+\.\d+\.\d+$/.test(external);
  const first = failed[0];
  const host =
    first === undefined
      ? branches.find(({ walk }) => walk.response !== undefined && walk.response.status >= 400)
      : undefined;
  const says = saidBy(request);
  const isAlias = failed.length === 0 && branches.length > 0 && says !== null && target.name !== null;
  if (first === undefined && host === undefined && !isAlias) return [];
  const cause =
    first === undefined && host === undefined
      ? `The name is only an alias for ${external}: the client still ${says?.scheme === "https" ? `expects a certificate for ${target.name ?? ""}` : `asks for host ${target.name ?? ""}`}, and a server that goes by names does not know that one.`
      : literal
        ? `externalName ${external} is an address, and a CNAME can only name a name: no resolver makes an address of it.`
        : first === undefined
          ? `The name is only an alias: the client still asks for host ${target.name ?? ""}, which the server behind ${external} does not serve.`
          : first.walk.outcome === "name-error"
            ? `Service ${serviceName(service)} is a CNAME to ${external}, and nobody knows that name.`
            : mapped
              ? `Service ${serviceName(service)} is a CNAME and nothing else: its ports are not mapped, so the client dials ${external} on ${String(target.number)}.`
              : `Service ${serviceName(service)} is a CNAME to ${external}, where nothing answers on port ${String(target.number)}.`;
  return [
    {
      id: "EXTERNALNAME-LIMITS",
      severity: first !== undefined ? "error" : host === undefined && says?.scheme === "http" ? "note" : "warning",
      hop: first?.end?.at ?? null,
      evidence: [{ kind: "object", object: key, path: "spec.externalName", shows: external }],
      cause,
      remedies: (first === undefined && host === undefined ? [] : aliases(given))
        .filter((name) => name !== external)
        .map((name) => ({ title: `Alias ${name}`, edits: [{ object: key, path: "spec.externalName", to: name }] })),
      otherwise:
        first?.walk.outcome === "name-error" && !literal
          ? `An ExternalName is only as good as the name behind it. A machine outside that has it would be a Client with names: [${external}].`
          : "An ExternalName has no address, port map or proxy of its own: dial the port that the server has, under the name that it serves.",
      command: `nslookup ${service.metadata.name}.${service.metadata.namespace ?? "default"}.svc.${view.cluster.dnsDomain}`,
    },
  ];
};

/** Cluster names that their sender's resolver never comes to: asked in another namespace, by a wrong name, or not in the cluster at all. */
import { compareStrings } from "../../base/compare.ts";
import { editDistance } from "../../base/edit-distance.ts";
import { objectKey } from "../../model/meta/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import type { Service } from "../../model/service/types.ts";
import { makerOf, serviceKey, serviceName } from "../endpoints.ts";
import { namespaceOf } from "../target.ts";
import type { Case, Clue, Diagnoser, Remedy } from "../types.ts";

interface Said {
  readonly cause: string;
  readonly evidence: readonly Clue[];
  readonly remedies: readonly Remedy[];
  readonly otherwise: string;
  readonly command: string;
}

const fullName = (given: Case, { metadata }: Service): string =>
  `${metadata.name}.${metadata.namespace ?? "default"}.svc.${given.view.cluster.dnsDomain}`;

/** The pod that sends, as the objects have it. */
function senderOf({ request, objects, view }: Case): Pod | undefined {
  const [kind, namespace = "", name = ""] = request.from.split("/");
  if (kind === "pod") return objects.get<Pod>(objectKey("Pod", namespace, name));
  return kind?.startsWith("deploy") === true ? view.podsOfDeployment(namespace, name)[0] : undefined;
}

/** The Service that the name is meant to be, by what is written of it. */
function meant(given: Case, name: string): Service | undefined {
  const [first = "", second] = name.split(".");
  const own = namespaceOf(given.request.from);
  const { view } = given;
  if (view.service(second ?? own, first) !== undefined) return view.service(second ?? own, first);
  const near = second ?? own;
  return view
    .services()
    .filter(({ metadata }) => metadata.name === first)
    .toSorted(
      (a, b) =>
        editDistance(a.metadata.namespace ?? "", near) - editDistance(b.metadata.namespace ?? "", near) ||
        compareStrings(a.metadata.namespace ?? "", b.metadata.namespace ?? ""),
    )[0];
}

/** A resolver that is not the cluster's: the node's own, or one that the pod names itself. */
function otherResolver(given: Case, name: string): Said | null {
  const { request, objects, view, isWritten } = given;
  const service = meant(given, name);
  if (service === undefined) return null;
  const full = fullName(given, service);
  const [kind, node = ""] = request.from.split("/");
  if (kind === "node") {
    return {
      cause: `${node} is a machine, and its resolver is not the cluster's DNS: it has no search path of namespaces, and nobody that it asks knows names of ${view.cluster.dnsDomain}.`,
      evidence: [
        { kind: "object", object: serviceKey(service), path: "metadata.name", shows: `${full}, for pods only` },
      ],
      remedies: [],
      otherwise: `Nothing in the text is wrong: from a node dial the ClusterIP${service.spec.clusterIP === undefined ? "" : ` ${service.spec.clusterIP}`}, or ask the cluster's DNS itself.`,
      command: `dig @${view.service("kube-system", "kube-dns")?.spec.clusterIP ?? "CLUSTER-DNS"} ${full}`,
    };
  }
  const pod = senderOf(given);
  if (pod === undefined) return null;
  const { dnsPolicy = "ClusterFirst", hostNetwork, dnsConfig } = pod.spec;
  const isNodes = dnsPolicy === "Default" || (dnsPolicy === "ClusterFirst" && hostNetwork === true);
  const isOwn = dnsPolicy === "None";
  if (!isNodes && !isOwn) return null;
  const short = name.split(".").length < 3;
  const searches = (dnsConfig as { readonly searches?: readonly string[] } | undefined)?.searches ?? [];
  if (isOwn && (!short || searches.some((one) => one.endsWith(view.cluster.dnsDomain)))) return null;
  const { key, template } = makerOf(objects, pod);
  const to = hostNetwork === true ? "ClusterFirstWithHostNet" : "ClusterFirst";
  const path = `${template}spec.dnsPolicy`;
  const namespace = pod.metadata.namespace ?? "default";
  return {
    cause: isOwn
      ? `dnsPolicy of pod ${pod.metadata.name} is None and its dnsConfig has no searches of the cluster: ${name} is asked for as it stands, and never completed to ${full}.`
      : dnsPolicy === "Default"
        ? `dnsPolicy of pod ${pod.metadata.name} is Default, which means the node's resolver: it does not know names of ${view.cluster.dnsDomain}.`
        : `Pod ${pod.metadata.name} is on the host's network, where dnsPolicy ClusterFirst means the node's resolver: it does not know names of ${view.cluster.dnsDomain}.`,
    evidence: [
      { kind: "object", object: isWritten(key) ? key : serviceKey(service), path, shows: dnsPolicy },
      { kind: "object", object: serviceKey(service), path: "metadata.name", shows: full },
    ],
    remedies: isWritten(key) ? [{ title: `Use dnsPolicy ${to}`, edits: [{ object: key, path, to }] }] : [],
    otherwise: `Give the pod dnsPolicy ${to}, or dial the address.`,
    command: `kubectl -n ${namespace} exec ${pod.metadata.name} -- cat /etc/resolv.conf`,
  };
}

/** A name that no Service has, and what comes nearest to it. */
function wrongName(given: Case, name: string): Said | null {
  const { request, view } = given;
  const own = namespaceOf(request.from);
  const labels = name.split(".");
  const [first = "", second] = labels;
  const domain = view.cluster.dnsDomain;
  const isFull = name.endsWith(`.${domain}`);
  const rest = isFull ? name.slice(0, -domain.length - 1).split(".") : labels;
  const namespace = second ?? own;
  const command = `kubectl get svc -A | grep -w ${first}`;
  const advice = (service: Service): Pick<Said, "otherwise" | "command" | "remedies" | "evidence"> => ({
    remedies: [],
    otherwise: `The name is in the client, not in the text: dial ${service.metadata.name}${(service.metadata.namespace ?? "default") === own ? "" : `.${service.metadata.namespace ?? "default"}`} or ${fullName(given, service)}.`,
    command,
    evidence: [{ kind: "object", object: serviceKey(service), path: "metadata.name", shows: fullName(given, service) }],
  });
  const there = second === undefined ? undefined : view.service(second, first);
  if (there !== undefined) {
    // Namespace and Service are right, what follows them is not.
    const tail = labels.slice(2).join(".");
    return {
      ...advice(there),
      cause: `Service ${serviceName(there)} is there, but its full name ends in .svc.${domain}, and ${name} ends in .${tail}.`,
    };
  }
  const isCluster = isFull || rest.length <= 2 || labels[2] === "svc";
  const elsewhere = meant(given, name);
  if (elsewhere !== undefined && isCluster && labels.length > 1) {
    return {
      ...advice(elsewhere),
      cause: `There is no Service ${first} in namespace ${namespace}: namespace ${elsewhere.metadata.namespace ?? "default"} has one.`,
    };
  }
  if (!isCluster) return null;
  const near = view
    .services()
    .filter(({ metadata }) => (metadata.namespace ?? "default") === namespace)
    .map((service) => ({ service, far: editDistance(service.metadata.name, first) }))
    .filter(({ service, far }) => far <= Math.max(2, Math.floor(service.metadata.name.length / 3)))
    .toSorted((a, b) => a.far - b.far || compareStrings(a.service.metadata.name, b.service.metadata.name))[0]?.service;
  if (near === undefined) return null;
  return {
    ...advice(near),
    cause: `There is no Service ${first} in namespace ${namespace}; the nearest name is ${near.metadata.name}.`,
  };
}

/** Names that lead nowhere though a Service is there that is meant by them, besides those of another namespace. */
export const misnamed: Diagnoser = (given) => {
  const { target, request, failed } = given;
  const name = target.name?.replace(/\.$/, "").toLowerCase();
  if (name === undefined || request.from.startsWith("client/")) return [];
  const first = failed.find(({ walk }) => walk.outcome === "name-error");
  if (first === undefined) return [];
  // Nobody answered at all: that is another finding.
  const asked = first.walk.children.filter(({ role }) => role === "dns");
  if (!asked.some(({ dns }) => dns?.rcode === "NXDOMAIN")) return [];
  const isOrdinal = /^.+-\d+(\.|$)/.test(name);
  const said = otherResolver(given, name) ?? (target.service === null && !isOrdinal ? wrongName(given, name) : null);
  if (said === null) return [];
  return [{ id: "DNS-SEARCH-PATH", severity: "error", hop: first.end?.at ?? null, ...said }];
};

/** `kubectl describe`. Source: kubectl/pkg/cmd/describe, pkg/describe. */
import type { Deployment } from "../../model/deployment/types.ts";
import type { Endpoints } from "../../model/endpoints/types.ts";
import type { EndpointSlice } from "../../model/endpointslice/types.ts";
import type { Ingress } from "../../model/ingress/types.ts";
import type { KubeObject } from "../../model/meta/types.ts";
import type { Namespace } from "../../model/namespace/types.ts";
import type { NetworkPolicy } from "../../model/networkpolicy/types.ts";
import type { Node } from "../../model/node/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import type { Service } from "../../model/service/types.ts";
import { must } from "../../base/assert.ts";
import { kindNamed } from "../../model/kinds.ts";
import { type Call, everywhere, namespaceOf, noteRequest } from "../call.ts";
import { elastic } from "../elastic.ts";
import { servedObjects } from "../objects.ts";
import { describeIPAddress, describeServiceCIDR } from "./allocation.ts";
import { ENDPOINTS_WARNING } from "../get.ts";
import { failure, type Output, warningLines } from "../output.ts";
import { asksOf, select, type Selection, type Target } from "../select.ts";
import type { World } from "../../world/types.ts";
import { describeAnything, describeNamespace, describeNode } from "./cluster.ts";
import { eventsAbout, eventsTable } from "./events.ts";
import { describeConfigMap } from "./configmap.ts";
import { describeEndpoints, describeEndpointSlice, describeIngress, describeService } from "./network.ts";
import { describeNetworkPolicy } from "./networkpolicy.ts";
import {
  describeDaemonSet,
  describeDeployment,
  describePod,
  describeReplicas,
  describeStatefulSet,
} from "./workloads.ts";

function body(world: World, object: KubeObject): string {
  const { objects, now } = world;
  switch (object.kind) {
    case "Service":
      return describeService(objects, object as Service);
    case "Endpoints":
      return describeEndpoints(object as Endpoints);
    case "EndpointSlice":
      return describeEndpointSlice(object as EndpointSlice);
    case "Ingress":
      return describeIngress(objects, object as Ingress);
    case "NetworkPolicy":
      return describeNetworkPolicy(object as NetworkPolicy);
    case "Pod":
      return describePod(object as Pod, now);
    case "Deployment":
      return describeDeployment(objects, object as Deployment);
    case "ReplicaSet":
    case "ReplicationController":
      return describeReplicas(objects, object);
    case "StatefulSet":
      return describeStatefulSet(objects, object);
    case "DaemonSet":
      return describeDaemonSet(servedObjects(world), object);
    case "Node":
      return describeNode(servedObjects(world), object as Node, now);
    case "Namespace":
      return describeNamespace(object as Namespace);
    case "ConfigMap":
      return describeConfigMap(object);
    case "IPAddress":
      return describeIPAddress(object);
    case "ServiceCIDR":
      return describeServiceCIDR(object);
    default:
      return describeAnything(object);
  }
}

/** Kinds whose describer shows no events. */
const SILENT: ReadonlySet<string> = new Set(["Namespace", "NetworkPolicy", "Role", "ClusterRole"]);

/** One object as `kubectl describe` prints it. */
export function describeObject(world: World, object: KubeObject, withEvents = true): string {
  const text = body(world, object);
  if (!withEvents || SILENT.has(object.kind)) return elastic(text);
  const events = eventsAbout(world.objects, object);
  if (events.length === 0) return elastic(`${text}Events:\t<none>\n`);
  return elastic(text) + elastic(eventsTable(events, world.now));
}

const USAGE =
  'error: You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of supported resources.';

export function kubectlDescribe(call: Call): Output {
  const { words, flags } = call.args;
  const found = select(call, words, { doing: "reading", typeAlone: true, usage: USAGE });
  if (!found.ok) return failure(found.error);
  const { targets, errors } = withPrefix(call, found.value);
  let stderr = targets.some(({ info }) => info.kind === "Endpoints") ? warningLines([ENDPOINTS_WARNING]) : "";
  stderr += errors.map((line) => `${line}\n`).join("");
  if (targets.length === 0 && errors.length === 0) {
    const scoped = found.value.asks.some(({ info }) => info.namespaced) && !everywhere(call);
    stderr += scoped ? `No resources found in ${namespaceOf(call)} namespace.\n` : "No resources found\n";
  }
  const events = flags["--show-events"] !== "false";
  for (const target of targets) noteReads(call, target, events);
  const stdout = targets.map(({ object }) => describeObject(call.world, object, events)).join("\n\n");
  return { stdout, stderr, code: errors.length > 0 ? 1 : 0 };
}

/** What a describer reads beside the object, which it reads again. */
function noteReads(call: Call, { info, object }: Target, events: boolean): void {
  const { name, namespace, uid } = object.metadata;
  noteRequest(call, "GET", info, { namespace, name });
  if (info.kind === "Service") {
    const query = { labelSelector: `kubernetes.io/service-name=${name}`, limit: "500" };
    noteRequest(call, "GET", must(kindNamed("EndpointSlice"), "EndpointSlice"), { namespace, query });
  }
  if (!events || SILENT.has(info.kind)) return;
  const about = { kind: info.kind, name, namespace, uid };
  const fieldSelector = Object.entries(about)
    .flatMap(([key, value]) => (value === undefined ? [] : [`involvedObject.${key}=${value}`]))
    .join(",");
  const query = { fieldSelector, limit: "500" };
  noteRequest(call, "GET", must(kindNamed("Event"), "Event"), { namespace, query });
}

/** A name that is not there stands for all objects whose names begin with it. */
function withPrefix(call: Call, selection: Selection): Pick<Selection, "targets" | "errors"> {
  const { words } = call.args;
  const [name] = words.slice(1);
  if (selection.targets.length > 0 || selection.errors.length !== 1 || words.length !== 2 || name === undefined) {
    return selection;
  }
  const asks = asksOf(words.slice(0, 1));
  const info = asks.ok ? asks.value[0]?.info : undefined;
  if (info === undefined) return selection;
  const all = servedObjects(call.world).list(info.kind, info.namespaced ? namespaceOf(call) : undefined);
  const begun = all.filter((object) => object.metadata.name.startsWith(name));
  return begun.length === 0 ? selection : { targets: begun.map((object) => ({ info, object })), errors: [] };
}

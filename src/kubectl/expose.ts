/** `kubectl expose`. Source: kubectl/pkg/cmd/expose, polymorphichelpers. */
import { must } from "../base/assert.ts";
import { parse } from "yaml";
import { isRecord } from "../base/json.ts";
import { err, ok, type Result } from "../base/result.ts";
import { kindNamed } from "../model/kinds.ts";
import type { KubeObject, LabelSelector, Labels } from "../model/meta/types.ts";
import type { Container } from "../model/pod/types.ts";
import { listOf } from "./args.ts";
import { type Call, namespaceOf } from "./call.ts";
import { parseLabels } from "./create/parse.ts";
import { failure, type Output } from "./output.ts";
import { jsonMerge } from "./patches.ts";
import { at, items, pairs, text } from "./read.ts";
import { select, type Target } from "./select.ts";
import { perform, type Planned } from "./write.ts";

const EXPOSABLE: ReadonlySet<string> = new Set(["Service", "Pod", "ReplicationController", "ReplicaSet", "Deployment"]);
const HELP = "\nSee 'kubectl expose -h' for help and examples";

interface ExposedPort {
  readonly port: number;
  readonly protocol: string;
}

export function kubectlExpose(call: Call): Output {
  const found = select(call, call.args.words, { doing: "exposing", typeAlone: false });
  if (!found.ok) return failure(found.error);
  const complaints = [...found.value.errors];
  const planned = found.value.targets.flatMap((target): readonly Planned[] => {
    const service = serviceFor(call, target);
    if (!service.ok) {
      complaints.push(service.error);
      return [];
    }
    return [
      {
        info: must(kindNamed("Service"), "Service"),
        write: { verb: "create", object: service.value },
        done: "exposed",
      },
    ];
  });
  return perform(call, planned, complaints);
}

function serviceFor(call: Call, { info, object }: Target): Result<KubeObject, string> {
  const { flags } = call.args;
  if (!EXPOSABLE.has(info.kind)) return err(`error: cannot expose a ${info.kind}`);
  const selector = flags["--selector"] === undefined ? selectorOf(object) : parseLabels(flags["--selector"]);
  if (!selector.ok) {
    return err(`error: couldn't retrieve selectors via --selector flag or introspection: ${selector.error}${HELP}`);
  }
  const found = portsOf(object);
  const wanted = listOf(call.args, "--port");
  if (wanted.length === 0 && found.length === 0) {
    return err(`error: couldn't find port via --port flag or introspection${HELP}`);
  }
  const numbers = wanted.length > 0 ? wanted.map(Number) : [...new Set(found.map(({ port }) => port))];
  if (numbers.some((n) => !Number.isInteger(n)))
    return err(`error: strconv.Atoi: parsing "${wanted.join(",")}": invalid syntax`);
  const target = flags["--target-port"];
  const ports = numbers.flatMap((port, i) => {
    const known = found.filter((p) => p.port === port).map((p) => p.protocol);
    const protocols = flags["--protocol"] !== undefined ? [flags["--protocol"]] : known.length > 0 ? known : ["TCP"];
    return protocols.map((protocol, j) => ({
      ...((numbers.length > 1 || protocols.length > 1) && {
        name: protocols.length > 1 ? `port-${i + 1}-${protocol.toLowerCase()}` : `port-${i + 1 + j}`,
      }),
      port,
      protocol,
      targetPort: target === undefined || target === "" ? port : /^\d+$/.test(target) ? Number(target) : target,
    }));
  });
  const labels = flags["--labels"] === undefined ? ok(object.metadata.labels ?? {}) : parseLabels(flags["--labels"]);
  if (!labels.ok) return labels;
  const type = flags["--type"];
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      ...(Object.keys(labels.value).length > 0 && { labels: labels.value }),
      name: flags["--name"] ?? object.metadata.name,
      namespace: object.metadata.namespace ?? namespaceOf(call),
    },
    spec: {
      ...(flags["--cluster-ip"] !== undefined && { clusterIP: flags["--cluster-ip"] }),
      ...(flags["--external-ip"] !== undefined && { externalIPs: [flags["--external-ip"]] }),
      ...(flags["--load-balancer-ip"] !== undefined && { loadBalancerIP: flags["--load-balancer-ip"] }),
      ports,
      selector: selector.value,
      ...(flags["--session-affinity"] !== undefined && { sessionAffinity: flags["--session-affinity"] }),
      ...(type !== undefined && { type }),
    },
    status: { loadBalancer: {} },
  };
  return overridden(service as unknown as KubeObject, flags["--overrides"]);
}

/** `--overrides`: a JSON merge patch over what was generated. */
export function overridden(object: KubeObject, overrides: string | undefined): Result<KubeObject, string> {
  if (overrides === undefined) return ok(object);
  try {
    const patch: unknown = parse(overrides);
    if (isRecord(patch)) return ok(jsonMerge(object, patch) as KubeObject);
  } catch {
    // Said below, like any other text that is no object.
  }
  return err(`error: Invalid JSON Patch: ${overrides}`);
}

function selectorOf(object: KubeObject): Result<Labels, string> {
  switch (object.kind) {
    case "Pod": {
      const labels = object.metadata.labels ?? {};
      return Object.keys(labels).length > 0 ? ok(labels) : err("the pod has no labels and cannot be exposed");
    }
    case "Service":
    case "ReplicationController": {
      const selector = pairs(object, "spec", "selector");
      if (Object.keys(selector).length > 0) return ok(selector);
      return err(
        object.kind === "Service"
          ? "the service has no pod selector set"
          : "the replication controller has no pod selector set",
      );
    }
    default: {
      const selector = at(object, "spec", "selector") as LabelSelector | undefined;
      if ((selector?.matchExpressions?.length ?? 0) > 0) {
        return err('couldn\'t convert expressions - "[]" to map-based selector format');
      }
      const labels = selector?.matchLabels ?? {};
      return Object.keys(labels).length > 0
        ? ok(labels)
        : err(`the ${object.kind.toLowerCase()} has no pod selector set`);
    }
  }
}

function portsOf(object: KubeObject): readonly ExposedPort[] {
  if (object.kind === "Service") {
    return items(object, "spec", "ports").map((port) => ({
      port: Number(text(port, "port")),
      protocol: text(port, "protocol") || "TCP",
    }));
  }
  const spec = object.kind === "Pod" ? ["spec"] : ["spec", "template", "spec"];
  return (items(object, ...spec, "containers") as readonly Container[]).flatMap((container) =>
    (container.ports ?? []).map(({ containerPort, protocol }) => ({
      port: containerPort,
      protocol: protocol ?? "TCP",
    })),
  );
}

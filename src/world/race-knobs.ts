/** Pods that a change takes away, and the text with one setting that may close the race. */
import type { JsonValue } from "../base/json.ts";
import { applyFieldEdits } from "../manifest/field-edits.ts";
import { findDocument } from "../manifest/manifest.ts";
import type { Deployment } from "../model/deployment/types.ts";
import { keyOf, splitKey } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";
import { labelSelectorMatches } from "../model/selectors.ts";
import type { FieldEdit } from "../model/trace/finding.ts";
import type { RaceChange, RaceKnob } from "../model/trace/race.ts";
import type { Refusal } from "../wire/protocol.ts";
import type { Session } from "./commands.ts";
import type { Cluster } from "./simulation.ts";

const refuse = (message: string): Refusal => ({ message, field: null });

const isOwnedByDaemonSet = ({ metadata }: Pod): boolean =>
  metadata.ownerReferences?.some(({ kind }) => kind === "DaemonSet" || kind === "Node") === true;

/** Pods that may go. */
export function podsOf(cluster: Cluster, change: RaceChange): readonly Pod[] {
  if (change.type === "drain") {
    return cluster.store
      .list<Pod>("Pod")
      .filter((pod) => pod.spec.nodeName === change.node && !isOwnedByDaemonSet(pod));
  }
  const deployment = cluster.store.get<Deployment>(change.deployment);
  const { namespace } = splitKey(change.deployment);
  return cluster.store
    .list<Pod>("Pod", namespace)
    .filter((pod) => labelSelectorMatches(deployment?.spec.selector, pod.metadata.labels));
}

/** The Deployment whose pods go, as far as one can be named. */
function deploymentOf(cluster: Cluster, change: RaceChange): Deployment | undefined {
  if (change.type !== "drain") return cluster.store.get<Deployment>(change.deployment);
  const pods = podsOf(cluster, change);
  return cluster.store
    .list<Deployment>("Deployment")
    .find(({ metadata, spec }) =>
      pods.some(
        (pod) =>
          pod.metadata.namespace === metadata.namespace &&
          metadata.namespace !== "kube-system" &&
          labelSelectorMatches(spec.selector, pod.metadata.labels),
      ),
    );
}

/** The text with a knob turned; a refusal says why that cannot be done. */
export function turned(session: Session, change: RaceChange, knob: RaceKnob): string | Refusal {
  const text = session.admittedText;
  const { manifest } = session.cluster.scenario(text);
  if (knob === "minSyncPeriod") {
    const file = manifest.documents.find(({ kind }) => kind === "KubeProxyConfiguration");
    const mode = session.cluster.modeOf(session.cluster.store.list<Node>("Node")[0]?.metadata.name ?? "");
    const section = mode === "ipvs" || mode === "nftables" ? mode : "iptables";
    const settings = {
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      kind: "KubeProxyConfiguration",
      mode,
      [section]: { minSyncPeriod: "100ms" },
    };
    const edit: FieldEdit =
      file === undefined
        ? { document: manifest.documents.length, path: "", from: null, to: settings }
        : { document: file.index, path: `${section}.minSyncPeriod`, from: null, to: "100ms" };
    return applyFieldEdits(text, [edit]) ?? refuse("The text's KubeProxyConfiguration cannot be edited.");
  }
  const deployment = deploymentOf(session.cluster, change);
  const document = deployment === undefined ? undefined : findDocument(manifest, keyOf(deployment));
  if (deployment === undefined || document === undefined) return refuse("The text holds no Deployment of these pods.");
  const spec = deployment.spec.template.spec;
  const edit = (path: string, to: JsonValue): string | Refusal =>
    applyFieldEdits(text, [{ document: document.index, path: `spec.template.spec.${path}`, from: null, to }]) ??
    refuse("The Deployment cannot be edited there.");
  switch (knob) {
    case "preStop":
      return edit("containers[0].lifecycle", { preStop: { sleep: { seconds: 5 } } });
    case "readinessProbe": {
      const port = spec?.containers[0]?.ports?.[0]?.containerPort;
      if (port === undefined) return refuse("The container names no port to probe.");
      return edit("containers[0].readinessProbe", { tcpSocket: { port }, periodSeconds: 1 });
    }
    case "terminationGracePeriodSeconds":
      return edit("terminationGracePeriodSeconds", 60);
  }
}

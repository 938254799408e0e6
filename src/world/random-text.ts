/** The texts that random histories apply. */

/** What a history applies at one time. */
export interface Text {
  readonly apps: readonly App[];
  /** Addresses of the hand-made Endpoints of the Service `db`, which selects nobody; null: there is no `db`. */
  readonly handMade: number | null;
}

/** A workload and the Service before it, under one name. */
export interface App {
  readonly name: string;
  readonly namespace: "default" | "shop";
  readonly kind: (typeof APP_KINDS)[number];
  readonly replicas: number;
  readonly image: string;
  readonly behavior: string;
  /** How a Deployment rolls out. */
  readonly rollout: (typeof ROLLOUTS)[number];
  /** `Local`: LoadBalancer with externalTrafficPolicy Local. */
  readonly service: "ClusterIP" | "NodePort" | "LoadBalancer" | "Local" | "headless" | "ExternalName" | "none";
  /** What else the Service says. */
  readonly manner: (typeof MANNERS)[number];
  /** Asks for node port 30080, which one Service can have at a time. */
  readonly pinned: boolean;
}

export const NODES = ["a", "b"] as const;

export const APP_KINDS = [
  "Deployment",
  "Deployment",
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "ReplicationController",
  "none",
] as const;

export const ROLLOUTS = ["", "", "Recreate", "surge", "all at once", "slow", "paused"] as const;

export const MANNERS = ["", "", "", "sticky", "near"] as const;

const STRATEGIES: Readonly<Record<App["rollout"], string>> = {
  "": "",
  Recreate: "\n  strategy: {type: Recreate}",
  surge: "\n  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}",
  "all at once": '\n  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: "100%"}}',
  slow: "\n  minReadySeconds: 3",
  paused: "\n  paused: true",
};

/** The YAML of a text. */
export function textOf({ apps, handMade }: Text): string {
  const documents = NODES.map(
    (name, i) =>
      `kind: Node\napiVersion: v1\nmetadata: {name: ${name}, labels: {topology.kubernetes.io/zone: z${i}}}\n`,
  );
  for (const namespace of new Set(apps.map((app) => app.namespace))) {
    if (namespace !== "default") documents.push(`kind: Namespace\napiVersion: v1\nmetadata: {name: ${namespace}}\n`);
  }
  const pinned = apps.find((app) => app.pinned && /NodePort|LoadBalancer|Local/.test(app.service));
  for (const app of apps) {
    if (app.service !== "none") documents.push(serviceOf(app, app === pinned));
    if (app.kind !== "none") documents.push(workloadOf(app));
  }
  if (handMade !== null) documents.push(...handMadeOf(handMade));
  return documents.join("---\n");
}

function serviceOf({ name, namespace, service, manner }: App, pinned: boolean): string {
  const isBalanced = service === "LoadBalancer" || service === "Local";
  const type = isBalanced ? "LoadBalancer" : service === "headless" ? "ClusterIP" : service;
  const extra =
    service === "Local"
      ? "externalTrafficPolicy: Local, "
      : service === "headless"
        ? "clusterIP: None, "
        : service === "ExternalName"
          ? "externalName: example.com, "
          : "";
  const more =
    manner === "sticky"
      ? "sessionAffinity: ClientIP, "
      : manner === "near"
        ? "trafficDistribution: PreferSameZone, "
        : "";
  const nodePort = pinned ? ", nodePort: 30080" : "";
  return `kind: Service
apiVersion: v1
metadata: {name: ${name}, namespace: ${namespace}}
spec: {type: ${type}, ${extra}${more}selector: {app: ${name}}, ports: [{port: 80, targetPort: 8080${nodePort}}]}
`;
}

function workloadOf({ name, namespace, kind, replicas, image, behavior, rollout }: App): string {
  const count = kind === "DaemonSet" ? "" : `\n  replicas: ${replicas}`;
  // Pods without an owner are theirs who select them: a label of their own keeps these two from taking in the others'.
  const own = kind === "DaemonSet" || kind === "ReplicationController" ? `, of: ${kind}` : "";
  const selector = kind === "ReplicationController" ? `{app: ${name}${own}}` : `{matchLabels: {app: ${name}${own}}}`;
  return `kind: ${kind}
apiVersion: ${kind === "ReplicationController" ? "v1" : "apps/v1"}
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  selector: ${selector}${count}${kind === "Deployment" ? STRATEGIES[rollout] : ""}
  template:
    metadata: {labels: {app: ${name}${own}}, annotations: {kubehop.dev/behavior: "${behavior}"}}
    spec:
      containers:
        - name: c
          image: ${image}
          ports: [{containerPort: 8080}]
          readinessProbe: {httpGet: {port: 8080}, periodSeconds: 2}
`;
}

function handMadeOf(count: number): readonly string[] {
  const addresses = Array.from({ length: count }, (_, i) => `{ip: 198.51.100.${i + 1}}`).join(", ");
  const subsets = count === 0 ? "[]" : `[{addresses: [${addresses}], ports: [{port: 5432}]}]`;
  return [
    "kind: Service\napiVersion: v1\nmetadata: {name: db}\nspec: {ports: [{port: 80, targetPort: 5432}]}\n",
    `kind: Endpoints\napiVersion: v1\nmetadata: {name: db}\nsubsets: ${subsets}\n`,
  ];
}

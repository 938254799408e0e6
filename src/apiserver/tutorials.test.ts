/** Every manifest of the five tutorials that this playground set out from, as they stand there, and how it is accepted. */
import { describe, expect, test } from "vitest";
// oxlint-disable-next-line no-restricted-imports -- the texts of tutorials are YAML; the API server itself never sees any.
import { decodeManifest, parseManifest } from "../manifest/manifest.ts";
import { DEFAULT_CLUSTER } from "../model/config/cluster-config.ts";
import { applyDefaults } from "../model/defaults.ts";
import type { KubeObject } from "../model/meta/types.ts";
import type { Service } from "../model/service/types.ts";
import { createApi } from "./api.ts";
import { createStore } from "./store.ts";
import type { WriteContext } from "./types.ts";
import { ENDPOINTS_DEPRECATED } from "./warnings.ts";

const NOW: WriteContext = { at: 0, cause: 0, writer: "kubectl" };

interface Accepted {
  /** `Service/default/web created`. */
  readonly results: readonly string[];
  /** What `kubectl apply` prints after `Warning: `. */
  readonly warnings: readonly string[];
  /** First lines of what the editor marks. */
  readonly marks: readonly string[];
  readonly objects: readonly KubeObject[];
}

function accept(text: string): Accepted {
  const store = createStore();
  const api = createApi(store, { seed: 1, cluster: () => DEFAULT_CLUSTER });
  api.bootstrap(NOW);
  const { objects, diagnostics, refusals, warnings } = decodeManifest(parseManifest(text));
  expect(refusals).toEqual([]);
  const report = api.applyAll(
    objects.map(({ object }) => object),
    NOW,
  );
  expect(report.refusals).toEqual([]);
  const written = report.applied.map(({ object }) => object);
  // What is stored needs no more defaults, and applying the text again changes nothing.
  for (const object of written) expect(applyDefaults(object)).toEqual(object);
  const again = api.applyAll(
    objects.map(({ object }) => object),
    NOW,
  );
  expect(again.commits).toEqual([]);
  return {
    results: report.applied.map(({ key, operation }) => `${key} ${operation}`),
    warnings: [...warnings, ...report.warnings].map(({ message }) => message),
    marks: diagnostics.map(({ message }) => message.split("\n")[0] ?? ""),
    objects: written,
  };
}

const service = (name: string, spec: string, metadata = ""): string =>
  `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}${metadata}\nspec:\n${spec}`;
const endpoints = (name: string): string => `apiVersion: v1
kind: Endpoints
metadata:
  name: ${name}
subsets:
  - addresses:
      - ip: 10.244.1.5
      - ip: 10.244.2.3
    ports:
      - port: 8080
`;
const TO_MY_APP = `  selector:
    app: my-app
  ports:
    - protocol: TCP
      port: 80
      targetPort: 8080
`;
const TO_MYAPP_9376 = `  selector:
    app: MyApp
  ports:
    - protocol: TCP
      port: 80
      targetPort: 9376
`;

/** Name after its place, text, keys, warnings. */
const MANIFESTS: readonly (readonly [
  name: string,
  text: string,
  keys: readonly string[],
  warnings: readonly string[],
])[] = [
  ["0: ClusterIP, step 1, the Service", service("my-service", TO_MY_APP), ["Service/default/my-service"], []],
  [
    "0: ClusterIP, step 2, the Endpoints",
    endpoints("my-service"),
    ["Endpoints/default/my-service"],
    [ENDPOINTS_DEPRECATED],
  ],
  [
    "0: NodePort, 1, the Service",
    service("my-nodeport-service", `  type: NodePort\n${TO_MY_APP}      nodePort: 30000\n`),
    ["Service/default/my-nodeport-service"],
    [],
  ],
  [
    "0: NodePort, 2, the Endpoints",
    endpoints("my-nodeport-service"),
    ["Endpoints/default/my-nodeport-service"],
    [ENDPOINTS_DEPRECATED],
  ],
  [
    "0: LoadBalancer, 1, the Service",
    service("my-loadbalancer-service", `  type: LoadBalancer\n${TO_MY_APP}`),
    ["Service/default/my-loadbalancer-service"],
    [],
  ],
  [
    "0: LoadBalancer, 3, the Endpoints",
    endpoints("my-loadbalancer-service"),
    ["Endpoints/default/my-loadbalancer-service"],
    [ENDPOINTS_DEPRECATED],
  ],
  [
    "1: Service definition, nginx",
    `apiVersion: v1
kind: Service
metadata:
  labels:
    run: nginx
  name: nginx
  namespace: default
spec:
  ports:
  - port: 80
    protocol: TCP
    targetPort: 80
  selector:
    run: nginx
  sessionAffinity: None
  type: ClusterIP
`,
    ["Service/default/nginx"],
    [],
  ],
  [
    "1: Service definition, two ports",
    `kind: Service
apiVersion: v1
metadata:
  name: my-service
spec:
  selector:
    app: MyApp
  ports:
  - name: http
    protocol: TCP
    port: 80
    targetPort: 9376
  - name: https
    protocol: TCP
    port: 443
    targetPort: 9377
`,
    ["Service/default/my-service"],
    [],
  ],
  [
    "1: Services without selectors, own endpoints",
    `kind: Service
apiVersion: v1
metadata:
  name: my-service
spec:
  ports:
    - protocol: TCP
      port: 80
      targetPort: 9376
---
kind: Endpoints
apiVersion: v1
metadata:
  name: my-service
subsets:
  - addresses:
      - ip: 1.2.3.4
    ports:
      - port: 9376
`,
    ["Service/default/my-service", "Endpoints/default/my-service"],
    [ENDPOINTS_DEPRECATED],
  ],
  [
    "1: Services without selectors, externalName",
    `kind: Service
apiVersion: v1
metadata:
  name: my-service
  namespace: default
spec:
  type: ExternalName
  externalName: my.database.example.com
`,
    ["Service/default/my-service"],
    [],
  ],
  [
    "1: headless Service with its Deployment",
    `apiVersion: v1
kind: Service
metadata:
  labels:
    app: nginx
  name: nginx
spec:
  clusterIP: None
  ports:
  - name: tcp-80-80-3b6tl
    port: 80
    protocol: TCP
    targetPort: 80
  selector:
    app: nginx
  sessionAffinity: None
  type: ClusterIP
---
apiVersion: extensions/v1beta1
kind: Deployment
metadata:
  labels:
    app: nginx
  name: nginx
  namespace: default
spec:
  replicas: 2
  revisionHistoryLimit: 5
  selector:
    matchLabels:
      app: nginx
  template:
    metadata:
      labels:
        app: nginx
    spec:
      containers:
      - image: nginx:latest
        imagePullPolicy: Always
        name: nginx
        resources:
          limits:
            memory: 128Mi
          requests:
            cpu: 200m
            memory: 128Mi
      dnsPolicy: ClusterFirst
      restartPolicy: Always
`,
    ["Service/default/nginx", "Deployment/default/nginx"],
    ["extensions/v1beta1 Deployment is deprecated in v1.8+, unavailable in v1.16+; use apps/v1 Deployment"],
  ],
  [
    "1: preserving source IP, the annotation of 1.6",
    service(
      "nginx",
      "  type: NodePort\n  selector: {run: nginx}\n  ports: [{port: 80}]\n",
      "\n  annotations:\n    service.beta.kubernetes.io/external-traffic: OnlyLocal",
    ),
    ["Service/default/nginx"],
    [],
  ],
  [
    "1: internal network policy",
    service("my-service", `${TO_MYAPP_9376}  internalTrafficPolicy: Local\n`),
    ["Service/default/my-service"],
    [],
  ],
  [
    "1: Ingress",
    `apiVersion: extensions/v1beta1
kind: Ingress
metadata:
  name: test
spec:
  rules:
  - host: foo.bar.com
    http:
      paths:
      - backend:
          serviceName: s1
          servicePort: 80
  - host: bar.foo.com
    http:
      paths:
      - backend:
          serviceName: s2
          servicePort: 80
`,
    ["Ingress/default/test"],
    ["extensions/v1beta1 Ingress is deprecated in v1.14+, unavailable in v1.22+; use networking.k8s.io/v1 Ingress"],
  ],
  ["2: defining a Service", service("my-service", TO_MYAPP_9376), ["Service/default/my-service"], []],
  [
    "3: Service types, ClusterIP",
    service("local-cluster", "  ports:\n  - port: 80\n    targetPort: 80\n  selector:\n    app: nginx\n"),
    ["Service/default/local-cluster"],
    [],
  ],
  [
    "3: Service types, NodePort",
    service(
      "nodeport-wide",
      "  type: NodePort\n  ports:\n  - port: 80\n    targetPort: 80\n  selector:\n    app: nginx\n",
    ),
    ["Service/default/nodeport-wide"],
    [],
  ],
  [
    "4: Services, frontend-svc",
    `kind: Service
apiVersion: v1
metadata:
  name: frontend-svc
spec:
  selector:
    app: frontend
  ports:
  - protocol: TCP
    port: 80
    targetPort: 5000
`,
    ["Service/default/frontend-svc"],
    [],
  ],
];

test.each(MANIFESTS)("%s", (_, text, keys, warnings) => {
  const accepted = accept(text);
  expect(accepted.results).toEqual(keys.map((key) => `${key} created`));
  expect(accepted.warnings).toEqual(warnings);
});

const stored = (name: string): readonly KubeObject[] =>
  accept(MANIFESTS.find(([title]) => title === name)?.[1] ?? "").objects;
const spec = (name: string): Service["spec"] => (stored(name)[0] as Service).spec;

describe("and is what the tutorial says", () => {
  test("types, addresses and ports", () => {
    expect(spec("0: ClusterIP, step 1, the Service")).toMatchObject({
      type: "ClusterIP",
      clusterIP: expect.stringMatching(/^10\.\d+\.\d+\.\d+$/),
    });
    expect(spec("0: NodePort, 1, the Service").ports).toMatchObject([{ nodePort: 30000 }]);
    expect(spec("0: LoadBalancer, 1, the Service").ports?.[0]?.nodePort).toBeGreaterThanOrEqual(30086);
    expect(spec("1: Services without selectors, externalName")).not.toHaveProperty("clusterIP");
    expect(spec("1: headless Service with its Deployment")).toMatchObject({ clusterIP: "None", clusterIPs: ["None"] });
    expect(spec("1: internal network policy").internalTrafficPolicy).toBe("Local");
    expect(spec("1: preserving source IP, the annotation of 1.6").externalTrafficPolicy).toBe("Local");
  });

  test("old versions have become those of today", () => {
    expect(stored("1: headless Service with its Deployment")[1]).toMatchObject({
      apiVersion: "apps/v1",
      spec: { replicas: 2, revisionHistoryLimit: 5, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } } },
    });
    expect(stored("1: Ingress")[0]).toMatchObject({
      apiVersion: "networking.k8s.io/v1",
      spec: {
        rules: [
          { http: { paths: [{ pathType: "ImplementationSpecific", backend: { service: { name: "s1" } } }] } },
          { host: "bar.foo.com" },
        ],
      },
    });
  });

  test("the editor marks what is not of today, and nothing else", () => {
    const marks = MANIFESTS.flatMap(([name, text]) => accept(text).marks.map((mark) => `${name}: ${mark}`));
    expect(marks).toEqual([
      "1: headless Service with its Deployment: extensions/v1beta1 Deployment is deprecated in v1.8+, unavailable in v1.16+; use apps/v1 Deployment",
      "1: preserving source IP, the annotation of 1.6: annotation service.beta.kubernetes.io/external-traffic: OnlyLocal is read as spec.externalTrafficPolicy: Local here. It was the way up to v1.6; servers since v1.8 keep it and take no notice: the policy would be Cluster.",
      "1: Ingress: extensions/v1beta1 Ingress is deprecated in v1.14+, unavailable in v1.22+; use networking.k8s.io/v1 Ingress",
      "1: Ingress: Ingress is stored and listed, but nothing happens without a controller for it, and no pod of this text is one.",
    ]);
  });
});

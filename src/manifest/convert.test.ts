import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeManifest, type DecodedManifest, documentKey, parseManifest } from "./manifest.ts";
import { applied } from "./testing.ts";

const decoded = (text: string): DecodedManifest => decodeManifest(parseManifest(text));

/** The text after its one fix, which must leave nothing to complain about. */
function migrated(text: string): string {
  const [diagnostic, ...others] = decoded(text).diagnostics.filter((d) => d.fixes.length > 0);
  expect(others).toEqual([]);
  const now = applied(text, diagnostic?.fixes[0]?.edits ?? []);
  expect(decoded(now).warnings).toEqual([]);
  expect(decoded(now).diagnostics.filter((d) => d.severity === "error")).toEqual([]);
  return now;
}

const DEPLOYMENT = `apiVersion: extensions/v1beta1
kind: Deployment
metadata:
  name: nginx # the web
spec:
  replicas: 2
  rollbackTo: {revision: 1}
  template:
    metadata:
      labels:
        app: nginx
    spec:
      containers:
      - {name: nginx, image: nginx}
`;

const INGRESS = `apiVersion: extensions/v1beta1
kind: Ingress
metadata:
  name: test
spec:
  backend:
    serviceName: fallback
    servicePort: http
  rules:
  - host: foo.bar.com
    http:
      paths:
      # first
      - backend:
          serviceName: s1
          servicePort: 80
      - path: /b
        pathType: Prefix
        backend: {serviceName: s2, servicePort: 81}
`;

describe("removed versions", () => {
  test("a Deployment of extensions/v1beta1 gets its selector and the old defaults", () => {
    const { objects, warnings, diagnostics, refusals } = decoded(DEPLOYMENT);
    expect(refusals).toEqual([]);
    expect(objects[0]?.object).toMatchObject({
      apiVersion: "apps/v1",
      metadata: { name: "nginx", namespace: "default" },
      spec: {
        selector: { matchLabels: { app: "nginx" } },
        strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
        revisionHistoryLimit: 2147483647,
      },
    });
    expect(warnings.map((w) => w.message)).toEqual([
      "extensions/v1beta1 Deployment is deprecated in v1.8+, unavailable in v1.16+; use apps/v1 Deployment",
    ]);
    expect(diagnostics).toMatchObject([{ severity: "warning", range: { startLine: 1, startColumn: 13 } }]);
    expect(diagnostics[0]?.message).toBe(
      `extensions/v1beta1 Deployment is deprecated in v1.8+, unavailable in v1.16+; use apps/v1 Deployment
It is converted here. Servers since v1.16 refuse it: error: resource mapping not found for name: "nginx" namespace: "": no matches for kind "Deployment" in version "extensions/v1beta1"
ensure CRDs are installed first`,
    );
  });

  test("one click rewrites its text and keeps the rest", () => {
    expect(migrated(DEPLOYMENT)).toBe(`apiVersion: apps/v1
kind: Deployment
metadata:
  name: nginx # the web
spec:
  selector:
    matchLabels:
      app: nginx
  replicas: 2
  template:
    metadata:
      labels:
        app: nginx
    spec:
      containers:
      - {name: nginx, image: nginx}
`);
  });

  test("an Ingress gets the backends of v1, and paths of the controller's own kind", () => {
    const { objects, warnings } = decoded(INGRESS);
    expect(objects[0]?.object).toMatchObject({
      apiVersion: "networking.k8s.io/v1",
      spec: {
        defaultBackend: { service: { name: "fallback", port: { name: "http" } } },
        rules: [
          {
            host: "foo.bar.com",
            http: {
              paths: [
                { pathType: "ImplementationSpecific", backend: { service: { name: "s1", port: { number: 80 } } } },
                { path: "/b", pathType: "Prefix", backend: { service: { name: "s2", port: { number: 81 } } } },
              ],
            },
          },
        ],
      },
    });
    expect(warnings[0]?.message).toBe(
      "extensions/v1beta1 Ingress is deprecated in v1.14+, unavailable in v1.22+; use networking.k8s.io/v1 Ingress",
    );
    expect(migrated(INGRESS)).toBe(`apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: test
spec:
  defaultBackend:
    service:
      name: fallback
      port:
        name: http
  rules:
  - host: foo.bar.com
    http:
      paths:
      # first
      - pathType: ImplementationSpecific
        backend:
          service:
            name: s1
            port:
              number: 80
      - path: /b
        pathType: Prefix
        backend: {"service":{"name":"s2","port":{"number":81}}}
`);
  });

  test.each([
    ["extensions/v1beta1", "DaemonSet", { updateStrategy: { type: "OnDelete" } }],
    ["apps/v1beta1", "StatefulSet", { updateStrategy: { type: "OnDelete" } }],
    ["extensions/v1beta1", "ReplicaSet", {}],
    ["apps/v1beta1", "Deployment", { revisionHistoryLimit: 2 }],
  ])("%s %s", (apiVersion, kind, more) => {
    const text = `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: a}\nspec:\n  template:\n    metadata: {labels: {a: b}}\n`;
    const { objects, warnings } = decoded(text);
    expect(objects[0]?.object).toMatchObject({
      apiVersion: "apps/v1",
      spec: { selector: { matchLabels: { a: "b" } }, ...more },
    });
    expect(warnings).toHaveLength(1);
    expect(migrated(text)).toContain("  selector:\n    matchLabels:\n      a: b\n  template:");
  });

  test("an EndpointSlice of v1beta1 had zone and node in a map", () => {
    const text = `{"apiVersion": "discovery.k8s.io/v1beta1", "kind": "EndpointSlice", "metadata": {"name": "s"}, "addressType": "IPv4",
 "endpoints": [{"addresses": ["10.0.0.1"], "topology": {"topology.kubernetes.io/zone": "a", "kubernetes.io/hostname": "n1"}}]}`;
    expect(decoded(text).objects[0]?.object).toMatchObject({
      apiVersion: "discovery.k8s.io/v1",
      endpoints: [{ addresses: ["10.0.0.1"], zone: "a", nodeName: "n1" }],
    });
    expect(JSON.parse(migrated(text))).toEqual({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "s" },
      addressType: "IPv4",
      endpoints: [{ addresses: ["10.0.0.1"], zone: "a", nodeName: "n1" }],
    });
  });

  test("kubeadm's flags were a map", () => {
    const text = `apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
apiServer:
  extraArgs:
    service-node-port-range: 20000-22767
networking:
  podSubnet: 10.244.0.0/16
`;
    const { objects, warnings, diagnostics } = decoded(text);
    expect(warnings).toEqual([]);
    expect(diagnostics[0]?.message).toMatch(/uses a deprecated API spec: "kubeadm.k8s.io\/v1beta3"/);
    expect(objects[0]?.object).toMatchObject({
      apiVersion: "kubeadm.k8s.io/v1beta4",
      apiServer: { extraArgs: [{ name: "service-node-port-range", value: "20000-22767" }] },
    });
    expect(migrated(text)).toContain(`  extraArgs:
    - name: service-node-port-range
      value: "20000-22767"
networking:`);
  });

  test("a version that is still served says what to use", () => {
    const text =
      "apiVersion: metallb.io/v1beta1\nkind: BGPPeer\nmetadata: {name: r}\nspec: {myASN: 64500, peerASN: 64501, peerAddress: 10.0.0.1}\n";
    const { objects, warnings } = decoded(text);
    expect(objects[0]?.object).toMatchObject({ apiVersion: "metallb.io/v1beta2", spec: { myASN: 64500 } });
    expect(warnings.map(({ message }) => message)).toEqual(["v1beta1 is deprecated, please use v1beta2"]);
    migrated(text);
  });

  test("its key is that of the object it becomes", () => {
    expect(documentKey(parseManifest(DEPLOYMENT).documents[0] as never)).toBe("Deployment/default/nginx");
  });

  test("unknown fields of an old form are refused as those of the new one", () => {
    const { refusals } = decoded(INGRESS.replace("servicePort: 80", "servicePort: 80\n          servcePath: /"));
    expect(refusals[0]?.message).toBe(
      'Ingress in version "v1" cannot be handled as a Ingress: strict decoding error: unknown field "spec.rules[0].http.paths[0].backend.servcePath"',
    );
  });
});

describe("the annotation that became externalTrafficPolicy", () => {
  const SERVICE = `apiVersion: v1
kind: Service
metadata:
  name: web
  annotations:
    service.beta.kubernetes.io/external-traffic: OnlyLocal
spec:
  type: NodePort
  ports: [{port: 80}]
`;

  test("is read as the field", () => {
    const { objects, diagnostics } = decoded(SERVICE);
    expect(objects[0]?.object).toMatchObject({ spec: { externalTrafficPolicy: "Local" } });
    expect(diagnostics[0]?.message).toMatch(/is read as spec.externalTrafficPolicy: Local here.*take no notice/);
    expect(migrated(SERVICE)).toBe(`apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  externalTrafficPolicy: Local
  type: NodePort
  ports: [{port: 80}]
`);
  });

  test("says nothing when the field is there, or when nothing comes from outside", () => {
    expect(
      decoded(SERVICE.replace("type: NodePort", "type: NodePort\n  externalTrafficPolicy: Local")).diagnostics,
    ).toEqual([]);
    expect(decoded(SERVICE.replace("type: NodePort", "type: ClusterIP")).diagnostics).toEqual([]);
  });

  test("takes the health check's port along", () => {
    const text = SERVICE.replace("NodePort", "LoadBalancer").replace(
      "OnlyLocal",
      'OnlyLocal\n    service.beta.kubernetes.io/healthcheck-nodeport: "31000"\n    other: x',
    );
    expect(decoded(text).objects[0]?.object).toMatchObject({
      spec: { externalTrafficPolicy: "Local", healthCheckNodePort: 31000 },
    });
    expect(migrated(text)).toContain("annotations:\n    other: x\nspec:");
  });
});

test("half-typed old manifests are converted without an exception, and edits stay inside the text", () => {
  const lines = `${DEPLOYMENT}---\n${INGRESS}`.split("\n");
  fc.assert(
    fc.property(fc.subarray(lines, { minLength: 1 }), fc.nat(200), (some, cut) => {
      const text = some.join("\n").slice(0, -cut || undefined);
      const { diagnostics, warnings } = decoded(text);
      for (const { title, edits } of diagnostics.flatMap(({ fixes }) => fixes)) {
        const left = decoded(applied(text, edits)).warnings.length;
        expect(left).toBe(title.startsWith("Rewrite as") ? warnings.length - 1 : left);
      }
    }),
    { numRuns: 300 },
  );
});

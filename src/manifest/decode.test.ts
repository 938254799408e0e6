import { describe, expect, test } from "vitest";
import { applyDefaults } from "../model/defaults.ts";
import { invalidStatus, notSupported, required } from "../model/status.ts";
import type { Diagnostic } from "../model/trace/diagnostic.ts";
import { validateCreate } from "../model/validate.ts";
import { decodeManifest, type DecodedManifest, locate, parseManifest, statusDiagnostics } from "./manifest.ts";

const decoded = (text: string): DecodedManifest => decodeManifest(parseManifest(text));

/** The text with a fix applied; edits are single-line. */
function fixed(text: string, fix: Diagnostic["fixes"][number] | undefined): string {
  const rows = text.split("\n");
  for (const { range, text: replacement } of fix?.edits ?? []) {
    const row = rows[range.startLine - 1] as string;
    rows[range.startLine - 1] = row.slice(0, range.startColumn - 1) + replacement + row.slice(range.endColumn - 1);
  }
  return rows.join("\n");
}

const SERVICE = `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports:
  - port: 80
    targetPort: 8080`;

describe("objects", () => {
  test("namespaced kinds get a namespace, the others lose it; nothing is defaulted", () => {
    const { objects, diagnostics } = decoded(
      `${SERVICE}\n---\napiVersion: v1\nkind: Node\nmetadata: {name: n1, namespace: x}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}`,
    );
    expect(diagnostics).toEqual([]);
    expect(objects.map((entry) => entry.object)).toEqual([
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "web", namespace: "default" },
        spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] },
      },
      { apiVersion: "v1", kind: "Node", metadata: { name: "n1" } },
      { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } },
    ]);
  });

  test("a document that an edit leaves alone gives the same object, by identity", () => {
    const [first] = decoded(`${SERVICE}\n---\na: 1`).objects;
    const [second] = decoded(`${SERVICE}\n---\na: 2`).objects;
    expect(second?.object).toBe(first?.object);
  });

  test("config files have no metadata", () => {
    const { objects } = decoded(
      "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: nftables\n",
    );
    expect(objects[0]?.object).toMatchObject({ metadata: { name: "kube-proxy" }, mode: "nftables" });
  });

  test("an advertisement alone is told that MetalLB runs where a pool is", () => {
    const advertisement = "apiVersion: metallb.io/v1beta1\nkind: L2Advertisement\nmetadata: {name: lan}\n";
    const pool =
      "---\napiVersion: metallb.io/v1beta1\nkind: IPAddressPool\nmetadata: {name: lan}\nspec: {addresses: [10.0.0.0/30]}\n";
    expect(decoded(advertisement).diagnostics).toMatchObject([
      { severity: "warning", message: expect.stringContaining("this text has no IPAddressPool") as string },
    ]);
    expect(decoded(advertisement + pool).diagnostics).toEqual([]);
  });

  test("well-known kinds without effect are kept, with a word about it", () => {
    const { objects, diagnostics } = decoded("apiVersion: v1\nkind: Secret\nmetadata: {name: c}\ndata: {a: b}\n");
    expect(objects[0]?.object).toMatchObject({
      kind: "Secret",
      data: { a: "b" },
      metadata: { namespace: "default" },
    });
    expect(diagnostics).toMatchObject([
      {
        severity: "warning",
        message: "Secret is kept and listed, but has no effect here yet.",
        range: { startLine: 2 },
      },
    ]);
  });
});

describe("refusals", () => {
  test.each<[string, string, string, string]>([
    [
      "an unknown field",
      SERVICE.replace("selector:", "selectr:"),
      'strict decoding error: unknown field "spec.selectr"',
      SERVICE,
    ],
    [
      "an unknown field in a list",
      SERVICE.replace("targetPort", "tragetPort"),
      'strict decoding error: unknown field "spec.ports[0].tragetPort"',
      SERVICE,
    ],
    [
      "a number in quotes",
      SERVICE.replace("port: 80", 'port: "80"'),
      "json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32",
      SERVICE,
    ],
    [
      "a bare word that is a boolean",
      SERVICE.replace("app: web", "app: yes"),
      "json: cannot unmarshal bool into Go struct field ServiceSpec.spec.selector of type string",
      SERVICE.replace("app: web", 'app: "yes"'),
    ],
    [
      "a mistyped kind",
      SERVICE.replace("kind: Service", "kind: Servce"),
      'no matches for kind "Servce" in version "v1"\nensure CRDs are installed first',
      SERVICE,
    ],
    [
      "a version that never was",
      "apiVersion: apps/v2\nkind: Deployment\nmetadata: {name: a}",
      'no matches for kind "Deployment" in version "apps/v2"\nensure CRDs are installed first',
      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}",
    ],
  ])("%s, with the edit that mends it", (_, text, message, mended) => {
    const { objects, diagnostics } = decoded(text);
    expect(objects).toEqual([]);
    expect(diagnostics.map((d) => d.message)).toEqual([message]);
    expect(fixed(text, diagnostics[0]?.fixes[0])).toBe(mended);
  });

  test("the whole line, as kubectl or the server has it", () => {
    expect(decoded(SERVICE.replace("selector:", "selectr:")).refusals).toMatchObject([
      {
        from: "server",
        message:
          'Service in version "v1" cannot be handled as a Service: strict decoding error: unknown field "spec.selectr"',
      },
    ]);
    expect(decoded("apiVersion: v1\nkind: Servce\nmetadata: {name: x}").refusals).toMatchObject([
      {
        from: "kubectl",
        message:
          'resource mapping not found for name: "x" namespace: "": no matches for kind "Servce" in version "v1"\nensure CRDs are installed first',
      },
    ]);
  });

  test.each([
    ["kind: Service\n", "error validating data: apiVersion not set"],
    ["a: 1\n", "error validating data: [apiVersion not set, kind not set]"],
    [
      "just text\n",
      'couldn\'t get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }',
    ],
  ])("%j", (text, message) => {
    expect(decoded(text).diagnostics.map((d) => d.message)).toEqual([message]);
  });

  test("one bad document leaves the others alone", () => {
    const { objects, diagnostics } = decoded(`a: [\n---\n${SERVICE}\n---\napiVersion: v1\nkind: Nope\n`);
    expect(objects.map((entry) => entry.object.metadata.name)).toEqual(["web"]);
    expect(diagnostics.map((d) => [d.source, d.range.startLine])).toEqual([
      ["yaml", 1],
      ["decode", 15],
    ]);
  });
});

test("what the API server refuses stands at its field, with the value that was meant", () => {
  const text = SERVICE.replace("spec:", "spec:\n  type: Nodeport");
  const [document] = parseManifest(text).documents;
  if (document === undefined) throw new Error("no document");
  const status = invalidStatus("Service", "web", [
    notSupported("spec.type", "Nodeport", ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]),
    required("spec.ports[0].name"),
  ]);
  const [type, name] = statusDiagnostics(document, status);
  expect(type).toMatchObject({
    message:
      'spec.type: Unsupported value: "Nodeport": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    range: { startLine: 6, startColumn: 9, endLine: 6, endColumn: 17 },
  });
  expect(fixed(text, type?.fixes[0])).toContain("type: NodePort");
  expect(name?.range).toEqual({ startLine: 10, startColumn: 5, endLine: 10, endColumn: 13 });
  expect(locate(document, "spec.ports[0].name")?.endLine).toBe(11);
});

test("a template that lacks the selector's label gets it with one edit", () => {
  const text = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: wep}}
    spec: {containers: [{name: a, image: nginx}]}`;
  const [entry] = decoded(text).objects;
  if (entry === undefined) throw new Error("no object");
  const causes = validateCreate(applyDefaults(entry.object), { relaxedServiceNames: false });
  const [diagnostic] = statusDiagnostics(entry.document, invalidStatus("Deployment", "web", causes));
  expect(diagnostic?.message).toBe(
    'spec.template.metadata.labels: Invalid value: {"app":"wep"}: `selector` does not match template `labels`',
  );
  expect(fixed(text, diagnostic?.fixes[0])).toBe(text.replace("wep", "web"));
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TextRange } from "../model/trace/diagnostic.ts";
import { locate, locateKey, type ManifestDocument, parseManifest, pathAt } from "./manifest.ts";
import { parsePath } from "./locate.ts";
import { decodeManifest } from "./decode.ts";

const TEXT = `# The shop
apiVersion: v1
kind: Namespace
metadata:
  name: shop
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  labels: {app.kubernetes.io/name: web, tier: "fe"}
spec:
  replicas: 3
  selector: &labels
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web   # what the Service looks for
    spec:
      containers:
      - name: nginx
        image: nginx:1.27
        ports:
        - {name: http, containerPort: 8080}
        - containerPort: 9090
        readinessProbe:
          httpGet: {path: /ready, port: http}
        command:
        - sh
        - -c
        - |
          echo hello
          sleep 3600
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata: {name: web, namespace: shop}
  spec:
    type: LoadBalancer
    clusterIP: 10.96.0.50
    selector:
    ports:
    - name: http
      port: 80
      targetPort: http
    - name: metrics
      port: 9090
- {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "db"},
   "subsets": [{"addresses": [{"ip": "10.0.0.9"}], "ports": [{"port": 5432}]}]}
---
apiVersion: kubehop.dev/v1alpha1
kind: Client
metadata: {name: outside}
spec:
  ip: 203.0.113.7
`;

const rows = TEXT.split("\n");

function textOf(range: TextRange | null): string {
  if (range === null) return "<null>";
  if (range.startLine === range.endLine) {
    return (rows[range.startLine - 1] as string).slice(range.startColumn - 1, range.endColumn - 1);
  }
  return `${(rows[range.startLine - 1] as string).slice(range.startColumn - 1)}…`;
}

const manifest = parseManifest(TEXT);
const named = (kind: string): ManifestDocument => {
  const found = manifest.documents.find((document) => document.kind === kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  return found;
};

describe("locate", () => {
  test.each([
    ["Deployment", "spec.replicas", "3"],
    ["Deployment", "metadata.labels[app.kubernetes.io/name]", "web"],
    ["Deployment", "metadata.labels.app.kubernetes.io/name", "web"],
    ["Deployment", "spec.template.spec.containers[0].ports[1].containerPort", "9090"],
    ["Deployment", "spec.template.spec.containers[0].readinessProbe.httpGet.port", "http"],
    ["Service", "spec.ports[1].name", "metrics"],
    ["Service", "spec.ports[0]", "name: http…"],
    ["Service", "metadata", "{name: web, namespace: shop}"],
    ["Endpoints", "subsets[0].addresses[0].ip", '"10.0.0.9"'],
    ["Client", "spec.ip", "203.0.113.7"],
    // Not in the text: the nearest parent.
    ["Service", "spec.ports[1].targetPort", "name: metrics…"],
    ["Service", "spec.ports[7].name", "- name: http…"],
    // The API's plural of what was written in the singular.
    ["Service", "spec.clusterIPs[0]", "10.96.0.50"],
    // No value: its key.
    ["Service", "spec.selector", "selector"],
  ])("%s %s", (kind, path, text) => {
    expect(textOf(locate(named(kind), path))).toBe(text);
  });

  test("keys", () => {
    expect(textOf(locateKey(named("Service"), "spec.ports[0].targetPort"))).toBe("targetPort");
    expect(textOf(locateKey(named("Service"), "spec.ports"))).toBe("ports");
    expect(locateKey(named("Service"), "spec.ports[0]")).toBeNull();
    expect(locateKey(named("Service"), "spec.ports[1].targetPort")).toBeNull();
  });

  test("paths", () => {
    expect(parsePath("spec.ports[0].name")).toEqual(["spec", "ports", 0, "name"]);
    expect(parsePath('metadata.annotations["a.b/c"]')).toEqual(["metadata", "annotations", "a.b/c"]);
    expect(parsePath("")).toEqual([]);
  });
});

describe("pathAt", () => {
  test.each([
    ["  replicas: 3", "3", "spec.replicas"],
    ["  replicas: 3", "replicas", "spec.replicas"],
    ["  replicas: 3", " ", "spec.replicas"],
    ["      targetPort: http", "http", "spec.ports[0].targetPort"],
    ["    - name: metrics", "-", "spec.ports[1]"],
    ["    - name: metrics", "metrics", "spec.ports[1].name"],
    ["app: web   # what", "#", "spec.template.metadata.labels.app"],
    ["tier:", "fe", "metadata.labels.tier"],
    ["app.kubernetes.io/name", "web", "metadata.labels[app.kubernetes.io/name]"],
    ["{name: http, containerPort", "8080", "spec.template.spec.containers[0].ports[0].containerPort"],
    ["echo hello", "hello", "spec.template.spec.containers[0].command[2]"],
    ['"subsets"', "5432", "subsets[0].ports[0].port"],
    ["    selector:\n", "selector", "spec.selector"],
  ])("%s at %s", (line, mark, path) => {
    const row = rows.findIndex((text) => (line.endsWith("\n") ? text === line.trimEnd() : text.includes(line)));
    expect(row).toBeGreaterThan(0);
    expect(pathAt(manifest, row + 1, (rows[row] as string).indexOf(mark) + 1)?.path).toBe(path);
  });

  test("a comment before the first document belongs to none", () => {
    expect(pathAt(manifest, 1, 1)).toBeNull();
  });

  test("every value's place leads back to its path", () => {
    let leaves = 0;
    const visit = (document: ManifestDocument, value: unknown, path: string): void => {
      if (typeof value === "object" && value !== null) {
        for (const [key, part] of Object.entries(value)) {
          const step = Array.isArray(value) ? `[${key}]` : /^[\w-]+$/.test(key) ? `.${key}` : `[${key}]`;
          visit(document, part, path + step);
        }
        return;
      }
      leaves += 1;
      const range = locate(document, path.replace(/^\./, ""));
      const back = range === null ? null : pathAt(manifest, range.startLine, range.startColumn);
      expect(back?.path).toBe(path.replace(/^\./, ""));
      expect(back?.document.index).toBe(document.index);
    };
    for (const document of manifest.documents) visit(document, document.value, "");
    expect(leaves).toBeGreaterThan(40);
  });
});

/** All that can be asked of a text: nothing may throw, and every range must lie inside. Returns the ranges that do not. */
function outside(text: string): readonly string[] {
  const parsed = parseManifest(text);
  const { diagnostics, objects } = decodeManifest(parsed);
  const ends = text.split("\n").map((row) => row.length + 1);
  const out: string[] = [];
  const check = (range: TextRange | null, what: string): void => {
    const good =
      range !== null &&
      range.startLine >= 1 &&
      range.endLine <= ends.length &&
      range.startColumn >= 1 &&
      range.endColumn >= 1 &&
      range.startColumn <= (ends[range.startLine - 1] as number) &&
      range.endColumn <= (ends[range.endLine - 1] as number) &&
      (range.startLine < range.endLine || (range.startLine === range.endLine && range.startColumn <= range.endColumn));
    if (!good) out.push(`${what} ${JSON.stringify(range)}`);
  };
  for (const diagnostic of diagnostics) {
    check(diagnostic.range, diagnostic.message);
    for (const fix of diagnostic.fixes) for (const edit of fix.edits) check(edit.range, fix.title);
  }
  for (const document of parsed.documents) {
    check(document.range, "document");
    for (const path of ["metadata.name", "spec.ports[0].targetPort", "subsets[0]"]) check(locate(document, path), path);
  }
  for (const { object } of objects)
    if (typeof object.metadata.name !== "string") out.push("an object without metadata");
  for (let line = 0; line <= ends.length + 1; line += 3) pathAt(parsed, line, 1 + (line % 17));
  return out;
}

describe("half-typed texts", () => {
  test("cut off anywhere", () => {
    for (let length = 0; length <= TEXT.length; length += 7) {
      expect(outside(TEXT.slice(0, length))).toEqual([]);
    }
  });

  test("with anything put anywhere", () => {
    const noise = fc.oneof(
      fc.constantFrom(
        ":",
        "- ",
        "{",
        "}",
        "[",
        "]",
        '"',
        "'",
        "\t",
        "\n",
        "&a ",
        "*a",
        "!!int ",
        "|",
        ">",
        "---\n",
        "...",
        "%",
        "@",
        "`",
        "#",
        "? ",
        "<<: ",
        "\r\n",
        "\u0000",
        "\ufeff",
        "😀",
        "__proto__: ",
      ),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(TEXT.length), fc.nat(12), noise), { minLength: 1, maxLength: 4 }),
        (edits) => {
          let text = TEXT;
          for (const [place, cut, put] of edits) text = text.slice(0, place) + put + text.slice(place + cut);
          expect(outside(text)).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("a half-typed line is reported where it stands, and the other documents go on", () => {
    const text = TEXT.replace("  replicas: 3", "  replicas: 3\n  sel");
    const { objects, diagnostics } = decodeManifest(parseManifest(text));
    expect(diagnostics.map((d) => [d.range.startLine, d.message])).toEqual([
      [15, "error converting YAML to JSON: yaml: line 15: could not find expected ':'"],
    ]);
    expect(objects.map((entry) => entry.object.kind)).toEqual(["Namespace", "Service", "Endpoints", "Client"]);
  });
});

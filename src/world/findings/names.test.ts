import { describe, expect, it } from "vitest";
import { applyFieldEdits } from "../../manifest/field-edits.ts";
import { diagnosisOf, expectMended, expectNoEdit, idsOf, worldOf } from "../why-testing.ts";

const pod = (name: string, namespace = "default", more = ""): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: ${namespace}, labels: { app: ${name} } }
spec: { containers: [{ name: c, image: nginx }] ${more} }
`;

const service = (name: string, spec: string, namespace = "default"): string => `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec: ${spec}
`;

const documents = (...all: readonly string[]): string => all.join("---\n");
const ASKER = pod("asker", "default");
const FROM = "pod/default/asker";

describe("names", () => {
  it("a bare name of another namespace", () => {
    const yaml = documents(
      ASKER,
      pod("web", "shop"),
      service("web", "{ selector: { app: web }, ports: [{ port: 80 }] }", "shop"),
    );
    const { unfixed } = expectNoEdit({ yaml, from: FROM, to: "web:80" }, "DNS-SEARCH-PATH");
    expect(unfixed).toContain("web.shop.svc.cluster.local");
    expect(idsOf(diagnosisOf({ yaml, from: FROM, to: "web.shop:80" })).filter((id) => id !== "DNS-NDOTS")).toEqual([]);
  });

  const set = (serviceName: string): string => `apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec:
  replicas: 2
  serviceName: ${serviceName}
  selector: { matchLabels: { app: db } }
  template: { metadata: { labels: { app: db } }, spec: { containers: [{ name: pg, image: postgres }] } }
`;
  const HEADLESS = service("db", "{ clusterIP: None, selector: { app: db }, ports: [{ port: 5432 }] }");

  it("of a StatefulSet's pod below a Service that is not its own", () => {
    const yaml = documents(ASKER, set("pg"), HEADLESS);
    const { fix } = expectMended({ yaml, from: FROM, to: "db-0.db:5432" }, "STATEFULSET-DNS");
    expect(fix?.edits).toEqual([{ document: 1, path: "spec.serviceName", from: "pg", to: "db" }]);
  });

  it("an edit that the API server lets nobody make on what is there says what must be replaced, and that makes it arrive", () => {
    const yaml = documents(ASKER, set("pg"), HEADLESS);
    const asked = { yaml, from: FROM, to: "db-0.db:5432" };
    // Something has followed the text: an edit of it comes to a cluster that runs.
    const world = worldOf({ yaml, after: [{ type: "run", micros: 5_000_000 }] });
    const [first] = diagnosisOf(asked, world).findings;
    expect(first?.fix?.replaces).toEqual(["StatefulSet/default/db"]);
    expect(first?.fix?.proof).toMatch(/kubectl replace --force deletes statefulset\/db and creates it anew$/);
    const text = applyFieldEdits(yaml, first?.fix?.edits ?? []) ?? "";
    expect(world.dispatch({ type: "text", text }).refusal?.message).toMatch(
      /updates to statefulset spec for fields other than/,
    );
    for (const key of first?.fix?.replaces ?? [])
      world.dispatch({ type: "write", title: "replace", writes: [{ verb: "delete", key, force: true }] });
    expect(world.dispatch({ type: "text", text }).refusal).toBeNull();
    world.dispatch({ type: "run", micros: 60_000_000 });
    expect(diagnosisOf(asked, world).outcome).toBe("delivered");
  });

  it("of a StatefulSet's pod whose Service is not there", () => {
    expectMended({ yaml: documents(ASKER, set("db")), from: FROM, to: "db-0.db:5432" }, "STATEFULSET-DNS");
  });

  it("of a StatefulSet's pod by itself", () => {
    expectNoEdit({ yaml: documents(ASKER, set("db"), HEADLESS), from: FROM, to: "db-0:5432" }, "STATEFULSET-DNS");
  });

  it("that is a CNAME to an address, or to nothing", () => {
    for (const external of ["203.0.113.7", "nobody.example.com"]) {
      const yaml = documents(ASKER, service("api", `{ type: ExternalName, externalName: "${external}" }`));
      expectNoEdit({ yaml, from: FROM, to: "api:80" }, "EXTERNALNAME-LIMITS");
    }
  });
});

describe("hand-made slices", () => {
  const slice = (labels: string, port: string): string => `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: db-1, labels: ${labels} }
addressType: IPv4
ports: [{ ${port} port: 80 }]
endpoints: [{ addresses: ["192.168.56.12"] }]
`;
  const DB = service("db", "{ ports: [{ port: 5432, name: pg }] }");
  // Something on the node that listens on port 80.
  const SERVER = pod("server", "default", ", nodeName: worker-2, hostNetwork: true");

  it("without the label", () => {
    const yaml = documents(ASKER, DB, SERVER, slice("{ kubernetes.io/service: db }", "name: pg,"));
    const { fix } = expectMended({ yaml, from: FROM, to: "db:5432" }, "SLICE-NOT-LINKED");
    expect(fix?.edits[0]).toMatchObject({ document: 3, path: "metadata.labels[kubernetes.io/service-name]", to: "db" });
  });

  it("with another port name", () => {
    const yaml = documents(ASKER, DB, SERVER, slice("{ kubernetes.io/service-name: db }", "name: sql,"));
    const { fix } = expectMended({ yaml, from: FROM, to: "db:5432" }, "SLICE-NOT-LINKED");
    expect(fix?.edits[0]).toMatchObject({ path: "ports[0].name", from: "sql", to: "pg" });
  });
});

describe("rules", () => {
  it("are those of before where kube-proxy is stopped", () => {
    const yaml = documents(
      pod("asker", "default", ", nodeName: worker-1"),
      pod("web"),
      service("web", "{ clusterIP: 10.96.0.80, selector: { app: web }, ports: [{ port: 80 }] }"),
    );
    const found = expectNoEdit(
      {
        yaml,
        from: FROM,
        to: "10.96.0.80:80",
        after: [
          { type: "fault", fault: "kube-proxy", node: "worker-1", on: false },
          { type: "delete", key: "Pod/default/web" as never, force: true },
          {
            type: "write",
            title: "kubectl run web",
            writes: [
              {
                verb: "create",
                object: {
                  apiVersion: "v1",
                  kind: "Pod",
                  metadata: { name: "web2", namespace: "default", labels: { app: "web" } },
                  spec: { nodeName: "worker-2", containers: [{ name: "c", image: "nginx" }] },
                } as never,
              },
            ],
          },
        ],
      },
      "RULES-STALE",
    );
    expect(found.cause).toContain("kube-proxy on worker-1 is stopped");
  });
});

import { describe, expect, it } from "vitest";
import { deployment, service, terminal, worldOf } from "./testing.ts";

describe("kubectl get --raw", () => {
  const { out, err } = terminal(worldOf(`${deployment("web", 2)}---\n${service("web")}`));
  const raw = (path: string): unknown => JSON.parse(out(`kubectl get --raw '${path}'`)) as unknown;

  it("answers one object, kind first, on one line", () => {
    const text = out("kubectl get --raw /api/v1/namespaces/default/services/web");
    expect(text).toMatch(/^\{"kind":"Service","apiVersion":"v1","metadata":\{[^\n]*\}$/);
    expect(raw("/apis/apps/v1/namespaces/default/deployments/web/scale")).toMatchObject({
      kind: "Scale",
      apiVersion: "autoscaling/v1",
      spec: { replicas: 2 },
    });
  });

  it("answers lists with selectors, over one namespace or all", () => {
    const names = (path: string): unknown => {
      const list = raw(path) as { readonly items: readonly { readonly metadata: { readonly name: string } }[] };
      return list.items.map(({ metadata }) => metadata.name);
    };
    expect(names("/api/v1/namespaces/default/services")).toEqual(["kubernetes", "web"]);
    expect(names("/api/v1/services")).toContain("web");
    expect(names("/api/v1/namespaces/kube-public/services")).toEqual([]);
    expect(names("/api/v1/pods?labelSelector=app%3Dnope")).toEqual([]);
    expect(names("/api/v1/nodes?fieldSelector=metadata.name%3Dworker-2")).toEqual(["worker-2"]);
    expect(raw("/api/v1/nodes")).toMatchObject({
      kind: "NodeList",
      metadata: { resourceVersion: expect.stringMatching(/^\d+$/) as string },
    });
    expect(raw("/apis/networking.k8s.io/v1/servicecidrs/kubernetes")).toMatchObject({ kind: "ServiceCIDR" });
  });

  it("answers discovery, version and health", () => {
    expect(out("kubectl get --raw /readyz")).toBe("ok");
    expect(raw("/version")).toMatchObject({ major: "1", minor: "36" });
    expect(raw("/api")).toMatchObject({ kind: "APIVersions", versions: ["v1"] });
    expect(raw("/apis/apps")).toMatchObject({ kind: "APIGroup", name: "apps" });
    expect(raw("/apis/apps/v1")).toMatchObject({ kind: "APIResourceList", groupVersion: "apps/v1" });
  });

  it.each([
    ["/api/v1/servces", "Error from server (NotFound): the server could not find the requested resource\n"],
    ["/apis/nope/v1", "Error from server (NotFound): the server could not find the requested resource\n"],
    ["/api/v1/namespaces/default/services/nope", 'Error from server (NotFound): services "nope" not found\n'],
    ["/api/v1/pods?watch=1", "error: a raw watch is not supported here: use kubectl get -w\n"],
    ["/api/v1/pods?labelSelector=%ZZ,,", expect.stringMatching(/^Error from server \(BadRequest\): /) as string],
  ])("refuses %s", (path, message) => expect(err(`kubectl get --raw '${path}'`)).toEqual(message));
});

it("lists what the ClusterIP allocator keeps: IPAddress and ServiceCIDR", () => {
  const { out } = terminal(worldOf(service("web", "{clusterIP: 10.96.0.50, ports: [{port: 80}]}")));
  expect(out("kubectl get ipaddresses | grep -v kube-dns")).toBe(
    "NAME         PARENTREF\n10.96.0.1    services/default/kubernetes\n10.96.0.50   services/default/web\n",
  );
  expect(out("kubectl get servicecidr")).toBe("NAME         CIDRS          AGE\nkubernetes   10.96.0.0/12   0s\n");
  expect(out("kubectl describe servicecidr kubernetes")).toBe(
    "Name:         kubernetes\nLabels:       <none>\nAnnotations:  <none>\nCIDRs:        10.96.0.0/12\nEvents:       <none>\n",
  );
  expect(out("kubectl describe ip 10.96.0.50")).toContain(
    "Parent Reference:\n  Group:      \n  Resource:   services\n  Namespace:  default\n  Name:       web\n",
  );
  expect(out("etcdctl get /registry/ipaddresses --prefix --keys-only | grep -v '0.10$' | uniq")).toBe(
    "/registry/ipaddresses/10.96.0.1\n\n/registry/ipaddresses/10.96.0.50\n\n",
  );
  out("kubectl delete svc web");
  expect(out("kubectl get ip -o name | grep -v '0.10$'")).toBe("ipaddress.networking.k8s.io/10.96.0.1\n");
});

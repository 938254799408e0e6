import { describe, expect, it } from "vitest";
import type { Protocol, Walk } from "../model/trace/types.ts";
import { SECOND } from "../base/time.ts";
import { keyOf, objectKey } from "../model/meta/types.ts";
import type { ConfigMap } from "../model/configmap/types.ts";
import type { Command } from "../wire/protocol.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import { createWorld } from "./world.ts";
import type { World } from "./types.ts";

const TEXT = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: prod}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 80, name: http}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: prod}
spec: {type: ExternalName, externalName: my.database.example.com}
---
apiVersion: v1
kind: Pod
metadata: {name: curl, namespace: shop}
spec: {containers: [{name: curl, image: curlimages/curl, command: [sleep, infinity]}]}
---
apiVersion: kubehop.dev/v1alpha1
kind: Client
metadata: {name: database}
spec: {ip: 198.51.100.50, names: [my.database.example.com], listen: 5432/TCP}
---
apiVersion: kubehop.dev/v1alpha1
kind: Client
metadata: {name: internet}
spec: {ip: 198.51.100.24}
`;

function world(text = TEXT): World {
  const made = createWorld({ seed: null });
  expect(made.dispatch({ type: "text", text }).refusal).toBeNull();
  expect(made.report.diagnostics).toEqual([]);
  return made;
}

function walkOf(w: World, to: string, from = "pod/shop/curl", protocol: Protocol = "tcp"): Walk {
  const walk = w.probe({ from, to, protocol });
  if ("message" in walk) throw new Error(walk.message);
  return walk;
}

/** What was asked, and what came back. */
const questions = (walk: Walk): readonly string[] =>
  walk.children.filter((c) => c.role === "dns").map((c) => c.symptom);

describe("a request to a name", () => {
  const w = world();

  it("a short name is found in the pod's own namespace, by two questions that are one flow", () => {
    const walk = walkOf(w, "web:80");
    const ip = w.objects.get<Service>(objectKey("Service", "shop", "web"))?.spec.clusterIP ?? "";
    expect(walk).toMatchObject({ outcome: "delivered", symptom: `Connected to web (${ip}) port 80` });
    expect(questions(walk)).toEqual([
      `web.shop.svc.cluster.local. A: ${ip}`,
      "web.shop.svc.cluster.local. AAAA: no data",
    ]);
    const [a, aaaa] = walk.children;
    expect(a?.hops[0]?.before.sport).toBe(aaaa?.hops[0]?.before.sport);
    expect(a?.backend?.pod).toMatch(/^kube-system\/coredns-/);
    expect(aaaa?.backend).toEqual(a?.backend);
    expect(walk.hops[0]).toMatchObject({ stage: "dns", place: "pod/shop/curl" });
    expect(walk.hops[1]?.at).toBe(Math.max(...walk.children.map((c) => c.endedAt)));
    expect(walk.hops.map((h) => h.index)).toEqual(walk.hops.map((_, i) => i));
    const faced = walk.reply.flatMap((hop) =>
      hop.mirrors === null ? [] : [walk.hops[hop.mirrors]?.place === hop.place],
    );
    expect(faced).toContain(true);
    expect(walk.reply.at(-1)).toMatchObject({ place: "pod/shop/curl", mirrors: 1 });
  });

  it.each([
    ["web", 2],
    ["web.shop", 4],
    ["web.shop.svc", 6],
    ["web.shop.svc.cluster.local", 8],
    ["web.shop.svc.cluster.local.", 2],
  ])("%s takes %i questions", (name, count) => {
    expect(questions(walkOf(w, `${name}:80`))).toHaveLength(count);
    expect(walkOf(w, `${name}:80`).outcome).toBe("delivered");
  });

  it("a bare name of another namespace is not found", () => {
    const walk = walkOf(w, "db:5432");
    expect(walk).toMatchObject({
      outcome: "name-error",
      symptom: "curl: (6) Could not resolve host: db",
      hops: [{ stage: "dns", verdict: "lost" }],
    });
    expect(walk.summary).toContain(
      "there is no such name: db.shop.svc.cluster.local., db.svc.cluster.local., db.cluster.local., db.",
    );
    expect(walkOf(w, "db", undefined, "icmp").symptom).toBe("ping: db: Name or service not known");
    expect(walkOf(w, "db:53", undefined, "udp").symptom).toBe(
      'Ncat: Could not resolve hostname "db": Name or service not known. QUITTING.',
    );
  });

  it("ExternalName leads outside, to a machine that listens there", () => {
    expect(walkOf(w, "db.prod:5432")).toMatchObject({
      outcome: "delivered",
      symptom: "Connected to db.prod (198.51.100.50) port 5432",
    });
    expect(questions(walkOf(w, "db.prod:5432"))).toContain(
      "db.prod.svc.cluster.local. A: my.database.example.com., 198.51.100.50",
    );
    expect(walkOf(w, "db.prod:80").outcome).toBe("refused");
  });

  it("a headless Service's name is its pods, and one that refuses is followed by the next", () => {
    const headless = world(`${TEXT}---
apiVersion: v1
kind: Service
metadata: {name: heads, namespace: shop}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80}]}
`);
    expect(walkOf(headless, "heads:80").hops[0]?.note.match(/10\.244\.\d+\.\d+/g)).toHaveLength(3);
    const refused = walkOf(headless, "heads:81");
    expect(refused.outcome).toBe("refused");
    expect(refused.symptom).toMatch(/^curl: \(7\) Failed to connect to heads port 81 /);
    expect(refused.children.filter((c) => c.role === undefined)).toHaveLength(2);
  });

  it("nodes and clients ask a resolver outside, which knows nothing of the cluster", () => {
    for (const from of ["node/worker-1", "client/internet"]) {
      const walk = walkOf(w, "web.shop.svc.cluster.local:80", from);
      expect([walk.outcome, ...questions(walk)]).toEqual([
        "name-error",
        "web.shop.svc.cluster.local. A: NXDOMAIN",
        "web.shop.svc.cluster.local. AAAA: NXDOMAIN",
      ]);
      expect(walkOf(w, "my.database.example.com:5432", from).outcome).toBe("delivered");
    }
  });

  it("a pod finds its own host name without a question", () => {
    const walk = walkOf(w, "curl:80");
    expect([walk.outcome, questions(walk).length]).toEqual(["refused", 0]);
    expect(walk.hops[0]?.note).toContain("its /etc/hosts says");
  });

  it("a URL says what is asked for, whatever its host", () => {
    expect(w.probe({ from: "pod/shop/curl", to: "http://web.shop:80/a?b#c", protocol: "tcp" })).toMatchObject({
      outcome: "delivered",
      response: { path: "/a?b" },
    });
    expect(w.probe({ from: "pod/shop/curl", to: "ftp://web.shop/", protocol: "tcp" })).toMatchObject({ field: "to" });
    expect(w.probe({ from: "pod/shop/curl", to: "http://web.shop/", protocol: "udp" })).toMatchObject({
      field: "protocol",
    });
    expect(w.probe({ from: "pod/shop/curl", to: "web.shop", protocol: "tcp" })).toMatchObject({ field: "to" });
  });

  it("an exploration draws the questions' way and keeps the request's own shares", () => {
    const explored = w.explore({ from: "pod/shop/curl", to: "web:80", protocol: "tcp" });
    if ("message" in explored) throw new Error(explored.message);
    expect(explored.walks.map((walk) => walk.probability)).toEqual([1 / 3, 1 / 3, 1 / 3]);
    expect(explored.walks[0]?.hops[0]?.note).toContain("all ways come to the same answer");
  });
});

describe("when names fail", () => {
  const without = (text: string, action: (w: World) => void): World => {
    const w = world(text);
    action(w);
    return w;
  };
  const dns = (w: World): readonly Pod[] =>
    w.objects.list<Pod>("Pod", "kube-system").filter((p) => p.metadata.name.startsWith("coredns-"));

  it("CoreDNS scaled to 0: kube-proxy rejects, and the resolver gives up at once", () => {
    const w = without(TEXT, (v) =>
      v.dispatch({ type: "scale", key: objectKey("Deployment", "kube-system", "coredns"), replicas: 0 }),
    );
    const walk = walkOf(w, "web:80");
    expect(walk).toMatchObject({ outcome: "name-error", symptom: "curl: (6) Could not resolve host: web" });
    expect(questions(walk)).toEqual(
      Array.from({ length: 4 }, () => ";; communications error to 10.96.0.10#53: connection refused"),
    );
    expect(walk.endedAt - walk.startedAt).toBeLessThan(SECOND);
    expect(walkOf(w, "web", undefined, "icmp").symptom).toBe("ping: web: Temporary failure in name resolution");
  });

  /** CoreDNS pods that hang, before any probe has noticed. */
  const hanging = (count: number): World =>
    without(TEXT, (v) => {
      v.dispatch({ type: "pace", pace: "run" });
      for (const pod of dns(v).slice(0, count)) v.dispatch({ type: "fault", fault: "hang", pod: keyOf(pod), on: true });
    });

  it("silence: 5 seconds, twice, then the name as it stands as long again", () => {
    const walk = walkOf(hanging(2), "web:80");
    expect(walk.outcome).toBe("name-error");
    expect(walk.endedAt - walk.startedAt).toBe(20 * SECOND);
    expect(questions(walk)).toEqual(
      Array.from({ length: 8 }, () => ";; communications error to 10.96.0.10#53: timed out"),
    );
    expect(walk.summary).toContain("no name server gives an answer");
  });

  it("one of two hangs: half of the questions wait for 5 seconds, and a quarter of the lookups fail", () => {
    const explored = hanging(1).explore({ from: "pod/shop/curl", to: "web:80", protocol: "tcp" });
    if ("message" in explored) throw new Error(explored.message);
    const share = (fits: (walk: Walk) => boolean): number =>
      explored.walks.filter(fits).reduce((sum, walk) => sum + walk.probability, 0);
    expect(explored.unexplored).toBeUndefined();
    expect(share(() => true)).toBeCloseTo(1, 9);
    expect(share((walk) => walk.outcome === "name-error")).toBeCloseTo(1 / 4, 9);
    expect(share((walk) => walk.outcome === "delivered" && walk.endedAt - walk.startedAt < SECOND)).toBeCloseTo(
      1 / 2,
      9,
    );
    expect(share((walk) => walk.outcome === "delivered" && walk.endedAt - walk.startedAt > 5 * SECOND)).toBeCloseTo(
      1 / 4,
      9,
    );
  });

  it("a Corefile with another zone: the cluster's names are asked for outside", () => {
    const config = (zone: string): string => `${TEXT}---
apiVersion: v1
kind: ConfigMap
metadata: {name: coredns, namespace: kube-system}
data:
  Corefile: |
    .:53 {
        kubernetes ${zone} in-addr.arpa
        forward . /etc/resolv.conf
    }
`;
    expect(walkOf(world(config("cluster.lokal")), "web:80").summary).toContain("there is no such name");
    const right = walkOf(world(config("cluster.local")), "web:80");
    expect(right.outcome).toBe("delivered");
    expect(right.children[0]?.dns?.answer[0]?.ttl).toBe(5);
  });

  it("a Corefile that CoreDNS cannot read leaves its clients waiting", () => {
    const broken = `${TEXT}---
apiVersion: v1
kind: ConfigMap
metadata: {name: coredns, namespace: kube-system}
data: {Corefile: ".:53 { kubernets }"}
`;
    const walk = walkOf(world(broken), "web:80");
    expect(walk.outcome).toBe("name-error");
    expect(walk.children[0]?.summary).toContain("Unknown directive 'kubernets'");
  });

  it("a change of the Corefile counts from the next start of CoreDNS on", () => {
    const w = world();
    const config = w.objects.get<ConfigMap>(objectKey("ConfigMap", "kube-system", "coredns"));
    const ttl = (): number | undefined => walkOf(w, "web:80").children[0]?.dns?.answer[0]?.ttl;
    if (config === undefined) throw new Error("there is a Corefile");
    const changed = { ...config, data: { Corefile: (config.data?.["Corefile"] ?? "").replace("ttl 30", "ttl 7") } };
    w.dispatch({ type: "write", title: "kubectl edit", writes: [{ verb: "update", object: changed }] } as Command);
    expect(ttl()).toBe(30);
    for (const pod of dns(w)) w.dispatch({ type: "delete", key: keyOf(pod), force: false } as Command);
    expect(ttl()).toBe(7);
  });

  it("an answer out of the cache gets older, and goes with the process", () => {
    const w = world();
    const ask = (): number | undefined => {
      const { walk } = w.dispatch({
        type: "send",
        request: {
          from: "pod/shop/curl",
          to: `${dns(w)[0]?.status.podIP ?? ""}:53`,
          protocol: "udp",
          says: { kind: "dns", name: "my.database.example.com.", type: "A" },
        },
      });
      return walk?.dns?.answer[0]?.ttl;
    };
    expect(ask()).toBe(30);
    w.dispatch({ type: "run", micros: 10 * SECOND });
    expect(ask()).toBe(20);
    w.dispatch({ type: "kill", pod: keyOf(dns(w)[0] as Pod) });
    w.dispatch({ type: "run", micros: 5 * SECOND });
    expect(ask()).toBe(30);
  });
});

describe("two families", () => {
  const DUAL = `
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
networking: {serviceSubnet: "10.96.0.0/16,fd00:96::/112", podSubnet: "10.244.0.0/16,fd00:10:244::/56"}
---
apiVersion: v1
kind: Node
metadata: {name: worker-1}
spec: {podCIDR: 10.244.1.0/24, podCIDRs: [10.244.1.0/24, "fd00:10:244:1::/64"]}
status: {addresses: [{type: InternalIP, address: 192.168.56.11}, {type: InternalIP, address: "fd00:56::11"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: curl}
spec: {containers: [{name: curl, image: curlimages/curl, command: [sleep, infinity]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ipFamilyPolicy: RequireDualStack, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: heads}
spec: {clusterIP: None, ipFamilyPolicy: RequireDualStack, selector: {app: web}, ports: [{port: 80}]}
`;

  it("dials IPv6 first, and IPv4 when that fails", () => {
    const w = world(DUAL);
    expect(walkOf(w, "web:80", "pod/default/curl").symptom).toMatch(/^Connected to web \(fd00:96::/);
    const four = w.probe({ from: "pod/default/curl", to: "web:80", protocol: "tcp", family: 4 });
    expect("symptom" in four && four.symptom).toMatch(/^Connected to web \(10\.96\./);
    expect("children" in four && questions(four)).toHaveLength(1);
    const refused = walkOf(w, "heads:81", "pod/default/curl");
    expect(refused.children.filter((c) => c.role === undefined).map((c) => c.hops[0]?.before.dst)).toEqual([
      expect.stringMatching(/^fd00:10:244:1:/),
    ]);
    expect(refused.hops[1]?.before.dst).toMatch(/^10\.244\.1\./);
  });
});

it("an outside machine with routes to the cluster may ask kube-dns itself", () => {
  const w = world(`${TEXT}---
apiVersion: kubehop.dev/v1alpha1
kind: Client
metadata: {name: near}
spec:
  ip: 192.168.56.77
  nameservers: [10.96.0.10]
  searches: [shop.svc.cluster.local]
  routes: [{to: 10.96.0.0/12, via: [worker-1]}]
`);
  const walk = walkOf(w, "web:80", "client/near");
  expect(walk.outcome).toBe("delivered");
  expect(questions(walk)).toHaveLength(2);
  expect(walk.children[0]?.hops.length).toBeGreaterThan(5);
});

import { describe, expect, it } from "vitest";
import { seededChooser } from "../base/draw.ts";
import { HOUR } from "../base/time.ts";
import type { Service } from "../model/service/types.ts";
import type { Hop, Protocol } from "../model/trace/types.ts";
import { send } from "./send.ts";
import { type TestCluster, type TestPod, saveRules, testView } from "./testing.ts";
import { EMPTY_NETWORK } from "./types.ts";

const PORTS = { ports: [{ containerPort: 8080 }, { containerPort: 53, protocol: "UDP" as const }] };
const WEB: TestPod = { name: "web", node: "worker-2", ip: "10.244.2.3", container: PORTS };
const CURL: TestPod = { name: "curl", node: "worker-1", ip: "10.244.1.9", container: { image: "busybox" } };
const AGENT: TestPod = { ...WEB, name: "agent", ip: "192.168.56.12", hostNetwork: true };

const RULES = `*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -d 10.96.0.50/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.244.2.3:8080
-A PREROUTING -d 10.96.0.1/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination 192.168.56.10:6443
COMMIT
`;

const BALANCED: Service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "default" },
  spec: {
    type: "LoadBalancer",
    clusterIP: "10.96.0.50",
    ports: [{ protocol: "TCP", port: 80, targetPort: 8080, nodePort: 30_080 }],
  },
  status: { loadBalancer: { ingress: [{ ip: "203.0.113.10" }] } },
};

function go(cluster: TestCluster, from: string, to: string, protocol: Protocol = "tcp") {
  const view = testView({ pods: [WEB, CURL, AGENT], services: [BALANCED], rules: saveRules(RULES), ...cluster });
  const result = send(view, EMPTY_NETWORK, { from, to, protocol }, { id: 1, chooser: seededChooser(1) });
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

const FROM_POD = "pod/default/curl";
const said = (hop: Hop | undefined): string => `${hop?.place ?? ""} ${hop?.verdict ?? ""}: ${hop?.note ?? ""}`;

describe("a node that is down", () => {
  const down = { down: ["worker-2"] };

  it.each<[string, string, Protocol, string]>([
    [FROM_POD, "10.96.0.50:80", "tcp", "curl: (28) Failed to connect to 10.96.0.50 port 80 after 130000 ms"],
    [FROM_POD, "pod/default/web:53", "udp", "Ncat: Idle timeout expired (2000 ms)."],
    [FROM_POD, "pod/default/web", "icmp", "100% packet loss"],
    ["node/worker-1", "node/worker-2:10250", "tcp", "curl: (28)"],
    ["client/internet", "node/worker-2:30080", "tcp", "curl: (28)"],
  ])("swallows what %s sends to %s by %s, and a hop says so", (from, to, protocol, symptom) => {
    const { walk } = go(down, from, to, protocol);
    expect(walk.outcome).toBe("timeout");
    expect(walk.symptom).toContain(symptom);
    expect(said(walk.hops.at(-1))).toBe("node/worker-2 lost: worker-2 is down: nobody there receives the packet.");
    expect(walk.summary).toBe("The packet gets no answer: worker-2 is down: nobody there receives the packet.");
    expect([walk.reply, walk.backend, walk.sourceSeen]).toEqual([[], null, null]);
  });

  it("gets packets from a balancer that has not noticed yet", () => {
    const { walk } = go({ ...down, healthy: (n) => n === "worker-2" }, "client/internet", "lb/default/web:80");
    expect([walk.outcome, walk.hops.at(-1)?.place]).toEqual(["timeout", "node/worker-2"]);
  });

  it("answers no ARP where no cloud's network answers for it, so the last machine before it says no route to host", () => {
    const { walk } = go({ ...down, cloud: { loadBalancer: "none" } }, FROM_POD, "10.96.0.50:80");
    expect(walk.outcome).toBe("unreachable");
    expect(said(walk.hops.at(-1))).toBe(
      "node/worker-1 lost: Nobody answers worker-1 on the link for 192.168.56.12: worker-2 is down.",
    );
    expect(walk.symptom).toMatch(/^curl: \(7\) Failed to connect to 10\.96\.0\.50 port 80 after 30\d\d ms/);
  });

  it("lets others pass, and cannot send itself", () => {
    expect(go({ down: ["worker-3"] }, FROM_POD, "10.96.0.50:80").walk.outcome).toBe("delivered");
    expect(() => go(down, "node/worker-2", "10.244.1.9:80")).toThrow('node "worker-2" is down, so it cannot send.');
    expect(() => go(down, "pod/default/web", "10.244.1.9:80")).toThrow(
      'pod "default/web" is on node "worker-2", which is down, so it cannot send.',
    );
  });
});

describe("a process that hangs", () => {
  const hung: TestCluster = { processes: () => "hangs" };

  it("gets connections from its kernel and answers none: the client is connected and waits", () => {
    const { walk, state } = go(hung, FROM_POD, "10.96.0.50:80");
    expect(said(walk.hops.at(-1))).toBe(
      "pod/default/web deliver: web sees the source 10.244.1.9:" +
        `${walk.hops.at(-1)?.before.sport ?? 0}; the kernel completes the handshake for container main (containerPort 8080), ` +
        "but the process hangs and accepts nothing.",
    );
    expect(said(walk.reply.at(-1))).toBe(
      "pod/default/curl lost: Pod default/curl is connected and sends its request, but no answer comes: container main (containerPort 8080) of default/web hangs.",
    );
    expect(walk.outcome).toBe("timeout");
    expect(walk.symptom).toBe("curl: (28) Operation timed out after 130000 milliseconds with 0 bytes received");
    expect(walk.backend).toEqual({ pod: "default/web", ip: "10.244.2.3", port: 8080 });
    expect(walk.sourceSeen).toBeNull();
    const [entry] = state.hosts["node/worker-1"]?.conntrack ?? [];
    expect([entry?.state, entry?.expiresAt]).toEqual(["ESTABLISHED", 24 * HOUR]);
  });

  it("lets datagrams lie, and its kernel answers pings", () => {
    const { walk } = go(hung, FROM_POD, "pod/default/web:53", "udp");
    expect([walk.outcome, walk.symptom, walk.sourceSeen]).toEqual([
      "timeout",
      "Ncat: Idle timeout expired (2000 ms).",
      null,
    ]);
    expect(walk.hops.at(-1)?.note).toContain("but the process hangs and never reads it");
    expect(go(hung, FROM_POD, "pod/default/web", "icmp").walk.outcome).toBe("delivered");
  });

  it("hangs on a node's own network too", () => {
    expect(go(hung, FROM_POD, "192.168.56.12:8080").walk.symptom).toContain("Operation timed out");
  });
});

describe("a port that nobody listens on", () => {
  const REFUSED = "curl: (7) Failed to connect to 10.96.0.50 port 80 after 0 ms: Couldn't connect to server";

  it("is refused while the container has not started, and the hop says why", () => {
    const { walk } = go({ pods: [{ ...WEB, running: false }, CURL] }, FROM_POD, "10.96.0.50:80");
    expect([walk.outcome, walk.symptom]).toEqual(["refused", REFUSED]);
    expect(walk.hops.at(-1)?.note).toBe(
      "Nothing on web listens on 10.244.2.3:8080/TCP (container main does not run (ContainerCreating)), so its kernel refuses with an RST,ACK.",
    );
  });

  it("is refused after SIGTERM, although the container still runs", () => {
    const { walk } = go({ processes: () => "closed" }, FROM_POD, "10.96.0.50:80");
    expect([walk.outcome, walk.symptom]).toEqual(["refused", REFUSED]);
    expect(walk.hops.at(-1)?.note).toContain("has been told to stop (SIGTERM)");
  });

  it("is refused on a node whose kube-proxy is stopped", () => {
    const { walk } = go({ proxySockets: () => [] }, FROM_POD, "node/worker-2:10256");
    expect(walk.outcome).toBe("refused");
    expect(walk.hops.at(-1)?.note).toContain("(kube-proxy does not run)");
    expect(go({ proxySockets: () => [] }, FROM_POD, "node/worker-2:22").walk.hops.at(-1)?.note).not.toContain("proxy");
    expect(go({}, FROM_POD, "node/worker-2:10256").walk.outcome).toBe("delivered");
  });
});

describe("a machine that is no Node", () => {
  const answer = { path: "/", version: "HTTP/2", status: 403, reason: "", headers: [], body: "{}" } as const;
  const server = (ip: string): TestCluster => ({
    machines: [
      {
        name: "control-plane",
        ip,
        listeners: [
          {
            ip: "0.0.0.0",
            port: 6443,
            protocol: "tcp",
            owner: null,
            what: "kube-apiserver",
            assumed: false,
            response: answer,
          },
        ],
      },
    ],
    rules: saveRules(RULES.replace("192.168.56.10", ip)),
  });

  it.each(["192.168.56.10", "172.30.0.9"])("answers pods, nodes and the outside at %s", (ip) => {
    const { walk } = go(server(ip), FROM_POD, "10.96.0.1:443");
    expect([walk.outcome, walk.backend, walk.sourceSeen]).toEqual([
      "delivered",
      { pod: null, ip, port: 6443 },
      "10.244.1.9",
    ]);
    expect(walk.symptom).toBe("HTTP/2 403");
    expect(walk.response).toEqual(answer);
    expect(said(walk.hops.at(-1))).toContain(
      "machine/control-plane deliver: control-plane sees the source 10.244.1.9:",
    );
    expect(walk.hops.at(-1)?.note).toContain("kube-apiserver answers GET / with 403.");
    expect(go(server(ip), "node/worker-3", `${ip}:6443`).walk.outcome).toBe("delivered");
    expect(go(server(ip), "client/internet", `${ip}:6443`).walk.outcome).toBe("delivered");
    expect(go(server(ip), "client/internet", `${ip}:6444`).walk.outcome).toBe("refused");
  });

  it("is the Node that has its address, if one has", () => {
    const { walk } = go(server("192.168.56.13"), FROM_POD, "10.96.0.1:443");
    expect([walk.outcome, walk.hops.at(-1)?.place]).toEqual(["delivered", "node/worker-3"]);
  });
});

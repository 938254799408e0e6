import { describe, expect, it } from "vitest";
import { runConsole } from "../../console.ts";
import { createWorld } from "../../../world/world.ts";

const TEXT = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: shop, labels: {app: web}}
spec: {nodeName: worker-1, containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
status: {phase: Running, podIP: 10.244.1.5, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.96.0.50, selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {type: ExternalName, externalName: my.database.example.com}
---
apiVersion: v1
kind: Pod
metadata: {name: tools, namespace: shop}
spec: {nodeName: worker-2, containers: [{name: tools, image: nicolaka/netshoot}]}
---
apiVersion: v1
kind: Pod
metadata: {name: box, namespace: shop}
spec: {nodeName: worker-2, containers: [{name: box, image: busybox:1.36, command: [sleep, infinity]}]}
---
apiVersion: kubehop.dev/v1alpha1
kind: Client
metadata: {name: database}
spec: {ip: 198.51.100.50, names: [my.database.example.com], listen: 5432/TCP}
`;

function terminal(): (line: string) => string {
  const world = createWorld({ seed: null });
  world.dispatch({ type: "text", text: TEXT });
  return (line) => {
    const { stdout, stderr, code } = runConsole(world, [line]);
    return `${stdout}${stderr}[${code}]\n`;
  };
}

const HEAD = (words: string, status: string, counts: string, flags = "qr aa rd", warning = true): string => `
; <<>> DiG 9.18.28 <<>> ${words}
;; global options: +cmd
;; Got answer:
;; ->>HEADER<<- opcode: QUERY, status: ${status}, id: ID
;; flags: ${flags}; QUERY: 1, ${counts}
${warning ? ";; WARNING: recursion requested but not available\n" : ""}
;; OPT PSEUDOSECTION:
; EDNS: version: 0, flags:; udp: 1232
; COOKIE: COOKIE (echoed)
`;
const TAIL = (size: number, ms = 0): string => `
;; Query time: ${ms} msec
;; SERVER: 10.96.0.10#53(10.96.0.10) (UDP)
;; WHEN: Thu Jan 01 00:00:00 UTC 2026
;; MSG SIZE  rcvd: ${size}

`;

describe("in a pod", () => {
  const run = terminal();
  const inPod = (line: string, pod = "tools"): string =>
    run(`kubectl exec -n shop ${pod} -- ${line}`)
      .replace(/id: \d+/, "id: ID")
      .replace(/COOKIE: [0-9a-f]+/, "COOKIE: COOKIE");

  it("dig", () => {
    expect(inPod("dig web.shop.svc.cluster.local")).toBe(
      `${HEAD("web.shop.svc.cluster.local", "NOERROR", "ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1")};; QUESTION SECTION:
;web.shop.svc.cluster.local.	IN	A

;; ANSWER SECTION:
web.shop.svc.cluster.local. 30	IN	A	10.96.0.50
${TAIL(109)}[0]\n`,
    );
    // As it is, without the search list: a question for the outside.
    expect(inPod("dig web")).toBe(
      `${HEAD("web", "NXDOMAIN", "ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 1", "qr rd ra", false)};; QUESTION SECTION:
;web.				IN	A

;; AUTHORITY SECTION:
.			30	IN	SOA	a.root-servers.net. nstld.verisign-grs.com. 2026010100 1800 900 604800 86400
${TAIL(119, 12)}[0]\n`,
    );
  });

  it.each([
    ["dig +short web.shop.svc.cluster.local", "10.96.0.50\n[0]\n"],
    ["dig +search +short web", "10.96.0.50\n[0]\n"],
    [
      "dig +noall +answer db.shop.svc.cluster.local",
      "db.shop.svc.cluster.local. 30	IN	CNAME	my.database.example.com.\nmy.database.example.com. 30	IN	A	198.51.100.50\n[0]\n",
    ],
    [
      "dig +noall +answer SRV _http._tcp.web.shop.svc.cluster.local",
      "_http._tcp.web.shop.svc.cluster.local. 30 IN SRV 0 100 80 web.shop.svc.cluster.local.\n[0]\n",
    ],
    ["dig +noall +answer -x 10.96.0.50", "50.0.96.10.in-addr.arpa. 30	IN	PTR	web.shop.svc.cluster.local.\n[0]\n"],
    ["dig @kube-dns.kube-system +tcp +short web.shop.svc.cluster.local", "10.96.0.50\n[0]\n"],
    ["dig +short dns-version.cluster.local TXT", '"1.1.0"\n[0]\n'],
    ["dig -x 10.96", "dig: Invalid IP address 10.96\ncommand terminated with exit code 1\n[1]\n"],
    [
      "nslookup web",
      "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\nName:\tweb.shop.svc.cluster.local\nAddress: 10.96.0.50\n\n[0]\n",
    ],
    [
      "nslookup web.prod",
      "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\n** server can't find web.prod: NXDOMAIN\n\ncommand terminated with exit code 1\n[1]\n",
    ],
    [
      "nslookup db",
      "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\ndb.shop.svc.cluster.local\tcanonical name = my.database.example.com.\nName:\tmy.database.example.com\nAddress: 198.51.100.50\n\n[0]\n",
    ],
    [
      "nslookup my.database.example.com",
      "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\nNon-authoritative answer:\nName:\tmy.database.example.com\nAddress: 198.51.100.50\n\n[0]\n",
    ],
    [
      "nslookup 10.96.0.50",
      "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\n50.0.96.10.in-addr.arpa\tname = web.shop.svc.cluster.local.\n\n[0]\n",
    ],
    ["host web", "web.shop.svc.cluster.local has address 10.96.0.50\n[0]\n"],
    [
      "host db",
      "db.shop.svc.cluster.local is an alias for my.database.example.com.\nmy.database.example.com has address 198.51.100.50\n[0]\n",
    ],
    ["host nope", "Host nope not found: 3(NXDOMAIN)\ncommand terminated with exit code 1\n[1]\n"],
    ["host 10.96.0.50", "50.0.96.10.in-addr.arpa domain name pointer web.shop.svc.cluster.local.\n[0]\n"],
    ["getent hosts web", "10.96.0.50      web.shop.svc.cluster.local\n[0]\n"],
    [
      "getent ahosts web",
      "10.96.0.50      STREAM web.shop.svc.cluster.local\n10.96.0.50      DGRAM\n10.96.0.50      RAW\n[0]\n",
    ],
    ["getent hosts nope", "command terminated with exit code 2\n[2]\n"],
    [
      "cat /etc/resolv.conf",
      "search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n[0]\n",
    ],
  ])("%s", (line, expected) => {
    // What kubectl adds when a command fails is not the program's.
    expect(inPod(line)).toBe(expected);
  });

  it("busybox's nslookup does not search for a name with a dot, and shows every answer", () => {
    expect(inPod("nslookup web.shop", "box")).toBe(
      "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n** server can't find web.shop: NXDOMAIN\n\n** server can't find web.shop: NXDOMAIN\n\ncommand terminated with exit code 1\n[1]\n",
    );
    expect(inPod("nslookup web", "box")).toContain(
      "Name:\tweb.shop.svc.cluster.local\nAddress: 10.96.0.50\n\n*** Can't find web.shop.svc.cluster.local: No answer\n",
    );
  });

  it("the terminal asks from a node, whose own resolver is outside", () => {
    expect(run("dig @10.96.0.10 +short web.shop.svc.cluster.local")).toContain("10.96.0.50\n");
    expect(run("dig +short my.database.example.com")).toContain("198.51.100.50\n");
    expect(run("dig +noall +comments web.shop.svc.cluster.local")).toContain("status: NXDOMAIN");
  });
});

it("without CoreDNS every question is refused", () => {
  const run = terminal();
  run("kubectl scale deployment coredns -n kube-system --replicas=0");
  const refused = ";; communications error to 10.96.0.10#53: connection refused\n".repeat(3);
  expect(run("kubectl exec -n shop tools -- dig web")).toBe(
    `${refused}\n; <<>> DiG 9.18.28 <<>> web\n;; global options: +cmd\n;; no servers could be reached\n\ncommand terminated with exit code 9\n[9]\n`,
  );
  expect(run("kubectl exec -n shop tools -- nslookup web")).toBe(
    `${refused};; no servers could be reached\n\ncommand terminated with exit code 1\n[1]\n`,
  );
});

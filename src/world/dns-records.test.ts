import { describe, expect, it } from "vitest";
import { parseCorefile } from "../dns/corefile.ts";
import { serve, type Served } from "../dns/server.ts";
import type { DnsType } from "../model/trace/message.ts";
import { createWorld } from "./world.ts";

const pod = (name: string, ip: string, labels: string, more = "", ready = true): string => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: shop, labels: {${labels}}}
spec: {nodeName: worker-1, ${more}containers: [{name: c, image: nginx, ports: [{name: http, containerPort: 8080}]}]}
status: {phase: Running, podIP: ${ip}, conditions: [{type: Ready, status: "${ready ? "True" : "False"}"}]}
---`;

const service = (name: string, spec: string): string => `
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: shop}
spec: {${spec}}
---`;

const TEXT = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: empty}
---${pod("web-0", "10.244.1.5", "app: web, on: all", "hostname: web-0, subdomain: heads, ")}${pod("web-1", "10.244.1.6", "app: web, on: all")}${pod(
  "web-2",
  "10.244.1.7",
  "app: web, on: all",
  "",
  false,
)}${pod("late", "10.244.1.8", "app: late", "", false)}${pod("lone", "10.244.1.9", "app: lone", "hostname: lone, subdomain: nowhere, ")}${service(
  "web",
  "clusterIP: 10.96.0.50, selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}, {name: dns, port: 53, protocol: UDP}]",
)}${service("heads", "clusterIP: None, selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]")}${service(
  "early",
  "clusterIP: None, publishNotReadyAddresses: true, selector: {app: late}, ports: [{port: 80}]",
)}${service("nobody", "clusterIP: None, selector: {app: late}, ports: [{port: 80}]")}${service("bare", "clusterIP: None, selector: {app: web}")}${service(
  "vip",
  "clusterIP: 10.96.0.51, selector: {app: none}, ports: [{port: 80}]",
)}${service("db", "type: ExternalName, externalName: my.database.example.com")}${service(
  "inside",
  "type: ExternalName, externalName: web.shop.svc.cluster.local",
)}${service("literal", "type: ExternalName, externalName: 192.0.2.7")}${service("gone", "type: ExternalName, externalName: nowhere.example.com")}
apiVersion: kubehop.dev/v1alpha1
kind: Client
metadata: {name: database}
spec: {ip: 198.51.100.50, names: [my.database.example.com]}
`;

const KUBEADM = `.:53 {
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    forward . /etc/resolv.conf
}`;

const world = createWorld({ seed: null });
world.dispatch({ type: "text", text: TEXT });

function asked(name: string, type: DnsType, corefile = KUBEADM): Served["response"] {
  const parsed = parseCorefile(corefile);
  if (!parsed.ok) throw new Error(parsed.error);
  const { response } = serve(
    {
      reader: world.objects,
      corefile: parsed.value,
      now: 0,
      serial: 1_767_225_600,
      own: ["10.244.0.2"],
      port: 53,
      upstream: (question) => ({
        question,
        rcode: question.name.startsWith("my.database") ? "NOERROR" : "NXDOMAIN",
        flags: ["qr", "rd", "ra"],
        answer:
          question.name.startsWith("my.database") && question.type === "A"
            ? [{ name: question.name, ttl: 300, type: "A", data: "198.51.100.50" }]
            : [],
        authority: [],
        additional: [],
        took: 0,
      }),
      sample: () => 0,
      cache: {},
    },
    { kind: "dns", name, type },
  );
  return response;
}

/** `rcode: answer | additional`. */
function said(name: string, type: DnsType, corefile?: string): string {
  const { rcode, answer, additional } = asked(name, type, corefile);
  const data = (records: typeof answer): string =>
    records
      .map((r) => (r.name === name && r.type === type ? r.data : `${r.name} ${r.type} ${r.data}`))
      .toSorted()
      .join(", ");
  return `${rcode}: ${data(answer)}${additional.length === 0 ? "" : ` | ${data(additional)}`}`;
}

const Z = "cluster.local.";
const S = `shop.svc.${Z}`;

describe("records of the cluster's zone, a row per question", () => {
  it.each<[string, DnsType, string, string]>([
    [`web.${S}`, "A", "NOERROR: 10.96.0.50", "ClusterIP"],
    [`vip.${S}`, "A", "NOERROR: 10.96.0.51", "a ClusterIP without any endpoint"],
    [`WEB.Shop.svc.${Z}`, "A", "NOERROR: 10.96.0.50", "letter case does not matter"],
    [`web.${S}`, "AAAA", "NOERROR: ", "single-stack: no data"],
    [`heads.${S}`, "A", "NOERROR: 10.244.1.5, 10.244.1.6", "headless: ready endpoints"],
    [`early.${S}`, "A", "NOERROR: 10.244.1.8", "publishNotReadyAddresses"],
    [`nobody.${S}`, "A", "NXDOMAIN: ", "headless, nobody ready"],
    [`web-0.heads.${S}`, "A", "NOERROR: 10.244.1.5", "hostname and subdomain"],
    [`10-244-1-6.heads.${S}`, "A", "NOERROR: 10.244.1.6", "dashed address"],
    [`10-244-1-5.heads.${S}`, "A", "NXDOMAIN: ", "its hostname takes the dashed address's place"],
    [`10-244-1-6.web.${S}`, "A", "NOERROR: 10.244.1.6", "dashed address below a ClusterIP Service"],
    [`10-244-1-7.heads.${S}`, "A", "NXDOMAIN: ", "not ready"],
    [`lone.nowhere.${S}`, "A", "NXDOMAIN: ", "a subdomain without a headless Service of that name"],
    [`_http._tcp.web.${S}`, "SRV", `NOERROR: 0 100 80 web.${S} | web.${S} A 10.96.0.50`, "SRV of a ClusterIP Service"],
    [`http.tcp.web.${S}`, "SRV", `NOERROR: 0 100 80 web.${S} | web.${S} A 10.96.0.50`, "underscores may be left out"],
    [`_http._udp.web.${S}`, "SRV", "NXDOMAIN: ", "another protocol"],
    [
      `_http._tcp.heads.${S}`,
      "SRV",
      `NOERROR: 0 50 8080 10-244-1-6.heads.${S}, 0 50 8080 web-0.heads.${S} | 10-244-1-6.heads.${S} A 10.244.1.6, web-0.heads.${S} A 10.244.1.5`,
      "SRV of a headless Service: the endpoint's port, weight 100/n",
    ],
    [
      `web.${S}`,
      "SRV",
      `NOERROR: 0 50 53 web.${S}, 0 50 80 web.${S} | web.${S} A 10.96.0.50`,
      "SRV without port labels: all ports",
    ],
    [`bare.${S}`, "A", "NOERROR: 10.244.1.5, 10.244.1.6", "headless without ports"],
    [`bare.${S}`, "SRV", "NOERROR: ", "headless without ports: no SRV"],
    [`db.${S}`, "CNAME", "NOERROR: my.database.example.com.", "ExternalName"],
    [
      `db.${S}`,
      "A",
      `NOERROR: db.${S} CNAME my.database.example.com., my.database.example.com. A 198.51.100.50`,
      "followed outside",
    ],
    [`gone.${S}`, "A", `NOERROR: gone.${S} CNAME nowhere.example.com.`, "outside there is no such name"],
    [`inside.${S}`, "A", `NOERROR: inside.${S} CNAME web.${S}, web.${S} A 10.96.0.50`, "followed in the zone"],
    [`literal.${S}`, "A", "NXDOMAIN: ", "ExternalName that is an address"],
    [`db.${S}`, "SRV", "NOERROR: ", "ExternalName has no SRV"],
    ["50.0.96.10.in-addr.arpa.", "PTR", `NOERROR: web.${S}`, "PTR of a ClusterIP"],
    [
      "6.1.244.10.in-addr.arpa.",
      "PTR",
      `NOERROR: 10-244-1-6.bare.${S}, 10-244-1-6.heads.${S}, 10-244-1-6.web.${S}`,
      "PTR of a pod behind Services, one per Service",
    ],
    [
      "5.1.244.10.in-addr.arpa.",
      "PTR",
      `NOERROR: 10-244-1-5.bare.${S}, 10-244-1-5.web.${S}, web-0.heads.${S}`,
      "hostname form",
    ],
    ["9.1.244.10.in-addr.arpa.", "PTR", "NXDOMAIN: ", "PTR of a pod behind none: asked outside"],
    [`10-244-1-5.shop.pod.${Z}`, "A", "NOERROR: 10.244.1.5", "pod record"],
    [`192-0-2-1.shop.pod.${Z}`, "A", "NOERROR: 192.0.2.1", "pods insecure: no such pod"],
    [`10-244-1-5.nowhere.pod.${Z}`, "A", "NXDOMAIN: ", "pod record in no namespace"],
    [`nonsense.shop.pod.${Z}`, "A", "NXDOMAIN: ", "no address"],
    [`shop.svc.${Z}`, "A", "NOERROR: ", "a namespace"],
    [`empty.svc.${Z}`, "A", "NOERROR: ", "an empty namespace"],
    [`nowhere.svc.${Z}`, "A", "NXDOMAIN: ", "no such namespace"],
    [`svc.${Z}`, "A", "NOERROR: ", "svc"],
    [Z, "A", "NOERROR: ", "the zone itself"],
    [`nosuch.${S}`, "A", "NXDOMAIN: ", "no such Service"],
    [`a.b.c.web.${S}`, "A", "NXDOMAIN: ", "too many labels"],
    [`web.shop.nonsense.${Z}`, "A", "NXDOMAIN: ", "neither svc nor pod"],
    [`dns-version.${Z}`, "TXT", 'NOERROR: "1.1.0"', "the schema's version"],
    [`web.${S}`, "TXT", "NOERROR: ", "another name has no TXT record"],
    [`nosuch.${S}`, "TXT", "NXDOMAIN: ", "nor does one that is not there"],
    [
      Z,
      "NS",
      `NOERROR: kube-dns.kube-system.svc.${Z} | kube-dns.kube-system.svc.${Z} A 10.96.0.10`,
      "the zone's name server",
    ],
    [Z, "SOA", `NOERROR: ns.dns.${Z} hostmaster.${Z} 1767225600 7200 1800 86400 30`, "SOA"],
    [`ns.dns.${Z}`, "A", "NOERROR: 10.96.0.10", "the name server's own name"],
    ["example.com.", "A", "NXDOMAIN: ", "forwarded"],
  ])("%s %s: %s (%s)", (name, type, expected) => {
    expect(said(name, type)).toBe(expected);
  });

  it("authoritative answers say so, and denials bring the zone's SOA with the TTL of the Corefile", () => {
    expect(asked(`web.${S}`, "A")).toMatchObject({ flags: ["qr", "aa", "rd"], answer: [{ ttl: 30 }], authority: [] });
    const soa = [{ name: Z, ttl: 30, type: "SOA" }];
    expect(asked(`nosuch.${S}`, "A")).toMatchObject({ flags: ["qr", "aa", "rd"], authority: soa });
    expect(asked(`web.${S}`, "AAAA")).toMatchObject({ rcode: "NOERROR", authority: soa });
    expect(asked("my.database.example.com.", "A").flags).toEqual(["qr", "rd", "ra"]);
    expect(asked(`WEB.${S}`, "A").answer[0]?.name).toBe(`WEB.${S}`);
  });

  it("without options the plugin's own defaults count: TTL 5, no pod records, no way on for reverse names", () => {
    const plain = ".:53 {\n kubernetes cluster.local in-addr.arpa\n}";
    expect(asked(`web.${S}`, "A", plain).answer[0]?.ttl).toBe(5);
    expect(said(`10-244-1-5.shop.pod.${Z}`, "A", plain)).toBe("NXDOMAIN: ");
    expect(asked("9.1.244.10.in-addr.arpa.", "PTR", plain).flags).toContain("aa");
    expect(said("example.com.", "A", plain)).toBe("SERVFAIL: ");
  });

  it("pods verified looks for the pod; endpoint_pod_names names endpoints by it; namespaces hides the others", () => {
    const more = (option: string): string => `.:53 {\n kubernetes cluster.local {\n  ${option}\n }\n}`;
    expect(said(`10-244-1-5.shop.pod.${Z}`, "A", more("pods verified"))).toBe("NOERROR: 10.244.1.5");
    expect(said(`192-0-2-1.shop.pod.${Z}`, "A", more("pods verified"))).toBe("NXDOMAIN: ");
    expect(said(`web-1.heads.${S}`, "A", more("endpoint_pod_names"))).toBe("NOERROR: 10.244.1.6");
    expect(said(`web.${S}`, "A", more("namespaces empty"))).toBe("NXDOMAIN: ");
    expect(said(`vip.${S}`, "A", more("ignore empty_service"))).toBe("NXDOMAIN: ");
  });

  it("a block of its own zone answers for that; nobody answers for a zone without one", () => {
    const two = "cluster.local:53 {\n kubernetes\n}\nexample.com:53 {\n forward . 192.0.2.53\n}";
    expect(said(`web.${S}`, "A", two)).toBe("NOERROR: 10.96.0.50");
    expect(said("x.example.com.", "A", two)).toBe("NXDOMAIN: ");
    expect(said("example.org.", "A", two)).toBe("REFUSED: ");
  });
});

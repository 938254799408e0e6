import { describe, expect, it } from "vitest";
import { listIpSet, saveIpSets, setContains, type IpSet } from "./ipset.ts";
import { parseServers } from "./parse.ts";
import { listServers, saveServers } from "./text.ts";

const SAVED = `-A -t 192.168.56.11:30080 -s rr
-a -t 192.168.56.11:30080 -r 10.244.1.5:8080 -m -w 1
-A -t 10.96.0.1:443 -s rr
-a -t 10.96.0.1:443 -r 192.168.56.10:6443 -m -w 1
-A -t 10.96.0.50:80 -s rr -p 10800
-a -t 10.96.0.50:80 -r 10.244.1.5:8080 -m -w 1
-a -t 10.96.0.50:80 -r 10.244.2.3:8080 -m -w 0
-A -t [fd00:96::1]:80 -s mh -b mh-port
-a -t [fd00:96::1]:80 -r [fd00:244:1::5]:8080 -m -w 1
-A -u 10.96.0.10:53 -s rr
-A --sctp-service 10.96.0.11:36412 -s wlc
`;

describe("ipvsadm", () => {
  it("prints back what ipvsadm -Sn printed", () => {
    const { servers, notes } = parseServers(SAVED);
    expect(notes).toEqual([]);
    // IPv6 services come after all of IPv4 in one protocol.
    expect(saveServers(servers).split("\n").sort()).toEqual(SAVED.split("\n").sort());
    expect(saveServers(parseServers(saveServers(servers)).servers)).toBe(saveServers(servers));
  });

  it("lists servers, destinations and connections as ipvsadm -Ln does", () => {
    const { servers } = parseServers(
      SAVED.split("\n")
        .filter((line) => /10\.96\.0\.(1|10|50):/.test(line))
        .join("\n"),
    );
    const loads = new Map([
      ["10.244.1.5:8080", { active: 0, inactive: 3 }],
      ["10.244.2.3:8080", { active: 1, inactive: 0 }],
    ]);
    const blanks = "         ";
    expect(listServers(servers, (server) => (server.port === 80 ? loads : new Map()))).toBe(
      [
        "IP Virtual Server version 1.2.1 (size=4096)",
        "Prot LocalAddress:Port Scheduler Flags",
        "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn",
        "TCP  10.96.0.1:443 rr",
        `  -> 192.168.56.10:6443           Masq    1      0          0${blanks}`,
        "TCP  10.96.0.50:80 rr persistent 10800",
        `  -> 10.244.1.5:8080              Masq    1      0          3${blanks}`,
        `  -> 10.244.2.3:8080              Masq    0      1          0${blanks}`,
        "UDP  10.96.0.10:53 rr",
        "",
      ].join("\n"),
    );
  });

  it("stands 192.168 before 10, as ipvsadm's signed comparison does", () => {
    const { servers } = parseServers(SAVED);
    expect(saveServers(servers).indexOf("192.168.56.11:30080")).toBeLessThan(
      saveServers(servers).indexOf("10.96.0.1:443"),
    );
  });

  it("reports what it does not understand", () => {
    const { servers, notes } = parseServers(
      "-A -f 1 -s rr\n-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.0.2:80 -g -w 1\n",
    );
    expect(servers.map((s) => s.destinations.length)).toEqual([0]);
    expect(notes).toEqual([
      { line: 1, message: "not evaluated: -A -f 1 -s rr" },
      { line: 3, message: "not evaluated: -a -t 10.0.0.1:80 -r 10.0.0.2:80 -g -w 1" },
    ]);
  });
});

describe("ip sets", () => {
  const set = (type: IpSet["type"], ...entries: readonly string[]): IpSet => ({ name: "S", type, family: 4, entries });
  const packet = {
    src: "10.244.1.5",
    dst: "10.96.0.50",
    sport: 40_000,
    dport: 80,
    protocol: "tcp",
    mark: 0,
    ttl: 64,
  } as const;

  it("compares the sides that the match names", () => {
    expect(setContains(set("hash:ip", "10.96.0.50"), packet, ["dst"])).toBe(true);
    expect(setContains(set("hash:ip", "10.96.0.50"), packet, ["src"])).toBe(false);
    expect(setContains(set("hash:ip,port", "10.96.0.50,tcp:80"), packet, ["dst", "dst"])).toBe(true);
    expect(setContains(set("hash:ip,port", "10.96.0.50,udp:80"), packet, ["dst", "dst"])).toBe(false);
    expect(setContains(set("hash:ip,port", "10.244.1.5,tcp:80"), packet, ["src", "dst"])).toBe(true);
    expect(setContains(set("bitmap:port", "80"), packet, ["dst"])).toBe(true);
    expect(setContains(set("bitmap:port", "80"), packet, ["src"])).toBe(false);
    const loop = set("hash:ip,port,ip", "10.96.0.50,tcp:80,10.244.1.5");
    expect(setContains(loop, packet, ["dst", "dst", "src"])).toBe(true);
    expect(setContains(loop, { ...packet, src: "10.244.1.6" }, ["dst", "dst", "src"])).toBe(false);
    const ranges = set("hash:ip,port,net", "10.96.0.50,tcp:80,10.244.0.0/16", "10.96.0.50,tcp:80,192.0.2.0/24");
    expect(setContains(ranges, packet, ["dst", "dst", "src"])).toBe(true);
    expect(setContains(ranges, { ...packet, src: "192.0.3.1" }, ["dst", "dst", "src"])).toBe(false);
    expect(setContains(ranges, { ...packet, dport: 81 }, ["dst", "dst", "src"])).toBe(false);
  });

  it("has no ICMP in sets with ports", () => {
    const ping = { ...packet, protocol: "icmp", sport: 0, dport: 0 } as const;
    expect(setContains(set("hash:ip,port", "10.96.0.50,icmp:0"), ping, ["dst", "dst"])).toBe(false);
    expect(setContains(set("bitmap:port", "0"), ping, ["dst"])).toBe(false);
    expect(setContains(set("hash:ip", "10.96.0.50"), ping, ["dst"])).toBe(true);
  });

  it("prints as ipset does", () => {
    const ports = { ...set("bitmap:port", "30080"), name: "KUBE-NODE-PORT-TCP" };
    expect(listIpSet(ports, 1)).toBe(
      "Name: KUBE-NODE-PORT-TCP\nType: bitmap:port\nRevision: 3\nHeader: range 0-65535\n" +
        "Size in memory: 8264\nReferences: 1\nNumber of entries: 1\nMembers:\n30080\n",
    );
    expect(saveIpSets([ports])).toBe(
      "create KUBE-NODE-PORT-TCP bitmap:port range 0-65535\nadd KUBE-NODE-PORT-TCP 30080\n",
    );
    expect(listIpSet(set("hash:ip,port", "10.96.0.50,tcp:80"))).toMatch(
      /^Name: S\nType: hash:ip,port\nRevision: 7\nHeader: family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x[0-9a-f]{8}\n/,
    );
  });
});

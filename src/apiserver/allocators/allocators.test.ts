import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatIP } from "../../base/ip.ts";
import { claimClusterIP, clusterIPRange, clusterIPRanges, nextClusterIP } from "./clusterip.ts";
import { claimNodePort, nextNodePort, staticPorts } from "./nodeport.ts";

const none = (): boolean => false;
const first = (): number => 0;
const last = (n: number): number => n - 1;

function range(cidr: string) {
  const found = clusterIPRange(cidr);
  if (found === null) throw new Error(cidr);
  return found;
}

describe("cluster IP bands", () => {
  test.each([
    ["10.96.0.0/12", "10.96.0.1", "10.96.1.1", "10.111.255.254"],
    ["10.0.0.0/24", "10.0.0.1", "10.0.0.17", "10.0.0.254"],
    ["10.0.0.0/20", "10.0.0.1", "10.0.1.1", "10.0.15.254"],
    ["10.0.0.0/28", "10.0.0.1", "10.0.0.1", "10.0.0.14"],
    ["10.0.0.0/27", "10.0.0.1", "10.0.0.17", "10.0.0.30"],
    ["fd00::/108", "fd00::1", "fd00::101", "fd00::f:ffff"],
  ])("%s: usable from %s, dynamic from %s to %s", (cidr, lowest, dynamic, highest) => {
    const { cidr: parsed, first: from, last: to, offset } = range(cidr);
    const text = (value: bigint): string => formatIP({ family: parsed.family, value });
    expect([text(from), text(from + offset), text(to)]).toEqual([lowest, dynamic, highest]);
    expect(nextClusterIP(range(cidr), none, first)).toBe(dynamic);
    expect(nextClusterIP(range(cidr), none, last)).toBe(highest);
  });

  test("from its start it goes up and around, and to the static band only when the rest is full", () => {
    const taken = new Set<string>();
    const given: string[] = [];
    for (;;) {
      const ip = nextClusterIP(
        range("10.0.0.0/27"),
        (each) => taken.has(each),
        (n) => Math.min(10, n - 1),
      );
      if (ip === null) break;
      taken.add(ip);
      given.push(ip);
    }
    const expected = [27, 28, 29, 30, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 11, 12, 13, 14, 15, 16, 1, 2, 3];
    expect(given.slice(0, expected.length)).toEqual(expected.map((n) => `10.0.0.${n}`));
    expect(given).toHaveLength(30);
  });

  test("what is asked for may be anywhere in the range, but free and usable", () => {
    const service = range("10.96.0.0/12");
    expect(claimClusterIP(service, "10.96.0.10", none)).toBeNull();
    expect(claimClusterIP(service, "10.111.255.254", none)).toBeNull();
    expect(claimClusterIP(service, "10.96.0.10", (ip) => ip === "10.96.0.10")).toBe("provided IP is already allocated");
    expect(claimClusterIP(service, "1.2.3.4", none)).toBe("the provided network does not match the current range");
    expect(claimClusterIP(service, "fd00::1", none)).toBe("the provided network does not match the current range");
    expect(claimClusterIP(service, "10.96.0.0", none)).toBe(
      "the provided IP (10.96.0.0) is not in the valid range. The range of valid IPs is 10.96.0.0/12",
    );
  });

  test("a dual-stack range has its primary first; what is no CIDR is left out", () => {
    expect(clusterIPRanges("10.96.0.0/16, fd00::/108").map((each) => each.cidr.family)).toEqual([4, 6]);
    expect(clusterIPRanges("nonsense")).toEqual([]);
  });
});

describe("node port bands", () => {
  const ports = { from: 30000, to: 32767 };

  test("30000–30085 are kept for those who ask", () => {
    expect(staticPorts(ports)).toBe(86);
    expect(nextNodePort(ports, none, first)).toBe(30086);
    expect(nextNodePort(ports, none, last)).toBe(32767);
    expect(nextNodePort(ports, (port) => port >= 30086, first)).toBe(30000);
    expect(nextNodePort(ports, () => true, first)).toBeNull();
  });

  test.each([
    [30000, 30015, 0],
    [30000, 30016, 16],
    [1, 65535, 128],
  ])("range %i-%i keeps %i", (from, to, kept) => {
    expect(staticPorts({ from, to })).toBe(kept);
  });

  test("claims", () => {
    expect(claimNodePort(ports, 30000, none)).toBeNull();
    expect(claimNodePort(ports, 80, none)).toBe(
      "provided port is not in the valid range. The range of valid ports is 30000-32767",
    );
    expect(claimNodePort(ports, 30080, (port) => port === 30080)).toBe("provided port is already allocated");
  });

  test("any start finds a free port when there is one, and never a taken one", () => {
    fc.assert(
      fc.property(
        fc.subarray(Array.from({ length: 41 }, (_, i) => 100 + i)),
        fc.boolean(),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (used, full, at) => {
          const upper = full ? Array.from({ length: 25 }, (_, i) => 116 + i) : [];
          const taken = new Set([...used, ...upper]);
          const port = nextNodePort(
            { from: 100, to: 140 },
            (each) => taken.has(each),
            (n) => Math.floor(at * n),
          );
          const free = Array.from({ length: 41 }, (_, i) => 100 + i).filter((each) => !taken.has(each));
          // The upper band first; the lower 16 only when nothing is left above.
          const dynamic = free.filter((each) => each >= 116);
          expect(dynamic.length > 0 ? dynamic : [...free, ...(free.length === 0 ? [null] : [])]).toContain(port);
        },
      ),
    );
  });
});

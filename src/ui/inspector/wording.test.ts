import { expect, test } from "vitest";
import { clock, commandLine, duration, endpoint, hopStage, hostTitle, stageTitle } from "./wording.ts";
import { workbenchWalk } from "./testing/fixture.ts";
import { find } from "./testing/pick.ts";

test("endpoints keep IPv6 readable and leave out the port that ICMP does not have", () => {
  expect(endpoint("10.244.2.3", 8080)).toBe("10.244.2.3:8080");
  expect(endpoint("fd00::3", 8080)).toBe("[fd00::3]:8080");
  expect(endpoint("10.244.2.3", 0)).toBe("10.244.2.3");
});

test("hosts and stages are named as in the field", () => {
  expect(hostTitle("pod/shop/web-1")).toBe("pod web-1");
  expect(hostTitle("client/internet")).toBe("outside client");
  expect(hostTitle("client/office")).toBe("client office");
  expect(stageTitle("hook:nat/PREROUTING")).toBe("nat PREROUTING");
  expect(stageTitle("policy")).toBe("network policy");
  const undo = find(workbenchWalk.reply, (hop) => hop.verdict === "undo-dnat");
  expect(hopStage(undo)).toBe("conntrack, POSTROUTING");
});

test("time has units and constant width", () => {
  expect(duration(84)).toBe("84 µs");
  expect(duration(1_840)).toBe("1.84 ms");
  expect(duration(127_000_000)).toBe("127 s");
  expect(clock(4_218_741)).toBe("4.218 741 s");
  expect(clock(61_000_004.9)).toBe("61.000 004 s");
});

test("the command is what a person would type", () => {
  expect(commandLine(workbenchWalk)).toEqual({ command: "curl 203.0.113.10", from: "198.51.100.24" });
  expect(commandLine({ ...workbenchWalk, request: { ...workbenchWalk.request, protocol: "udp" } }).command).toBe(
    "udp to 203.0.113.10:80",
  );
  expect(commandLine({ ...workbenchWalk, connection: 2, phase: "data" }).command).toBe("request on connection 2");
  expect(commandLine({ ...workbenchWalk, connection: 2, phase: "open" }).command).toBe("curl 203.0.113.10");
  expect(commandLine({ ...workbenchWalk, hops: [] })).toEqual({
    command: "curl lb/shop/web:80",
    from: "client/internet",
  });
});

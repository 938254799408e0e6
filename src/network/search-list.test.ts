import { expect, test } from "vitest";
import { SECOND } from "../base/time.ts";
import { attemptsOf, candidates, ndotsOf, timeoutOf } from "./search-list.ts";

const POD = {
  nameservers: ["10.96.0.10"],
  search: ["default.svc.cluster.local", "svc.cluster.local", "cluster.local"],
  options: ["ndots:5"],
};

test.each([
  ["web", ["web.default.svc.cluster.local.", "web.svc.cluster.local.", "web.cluster.local.", "web."]],
  [
    "web.prod",
    ["web.prod.default.svc.cluster.local.", "web.prod.svc.cluster.local.", "web.prod.cluster.local.", "web.prod."],
  ],
  [
    "web.prod.svc",
    [
      "web.prod.svc.default.svc.cluster.local.",
      "web.prod.svc.svc.cluster.local.",
      "web.prod.svc.cluster.local.",
      "web.prod.svc.",
    ],
  ],
  [
    "web.prod.svc.cluster.local",
    [
      "web.prod.svc.cluster.local.default.svc.cluster.local.",
      "web.prod.svc.cluster.local.svc.cluster.local.",
      "web.prod.svc.cluster.local.cluster.local.",
      "web.prod.svc.cluster.local.",
    ],
  ],
  ["web.prod.svc.cluster.local.", ["web.prod.svc.cluster.local."]],
  [
    "_http._tcp.web.prod.svc.cluster.local",
    [
      "_http._tcp.web.prod.svc.cluster.local.",
      "_http._tcp.web.prod.svc.cluster.local.default.svc.cluster.local.",
      "_http._tcp.web.prod.svc.cluster.local.svc.cluster.local.",
      "_http._tcp.web.prod.svc.cluster.local.cluster.local.",
    ],
  ],
  [
    "example.com",
    [
      "example.com.default.svc.cluster.local.",
      "example.com.svc.cluster.local.",
      "example.com.cluster.local.",
      "example.com.",
    ],
  ],
])("%s is tried as", (name, expected) => {
  expect(candidates(name, POD)).toEqual(expected);
});

test("a node has ndots 1: a name with a dot is tried as it is first", () => {
  const node = { nameservers: [], search: ["lan"], options: [] };
  expect(candidates("example.com", node)).toEqual(["example.com.", "example.com.lan."]);
  expect(candidates("web", node)).toEqual(["web.lan.", "web."]);
});

test("options of resolv.conf, with their limits", () => {
  const resolver = { nameservers: [], search: [], options: ["ndots:99", "timeout:2", "attempts:3", "edns0"] };
  expect([ndotsOf(resolver), timeoutOf(resolver), attemptsOf(resolver)]).toEqual([15, 2 * SECOND, 3]);
  expect([timeoutOf({ ...resolver, options: [] }), attemptsOf({ ...resolver, options: [] })]).toEqual([5 * SECOND, 2]);
});

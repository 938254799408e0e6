import { expect, test } from "vitest";
import type { Request } from "../../model/trace/types.ts";
import { hostOf, recentRequests, requestOf, saysOf, SAYS_NOTHING, saysText } from "./message.ts";

test("nothing said is a plain request", () => {
  expect(requestOf(" pod/shop/curl ", "service/shop/web:80", "tcp", SAYS_NOTHING)).toEqual({
    from: "pod/shop/curl",
    to: "service/shop/web:80",
    protocol: "tcp",
  });
});

test("HTTP names its host as the target is written, unless a Host is typed", () => {
  const says = { ...SAYS_NOTHING, kind: "http" as const, path: "cart?x=1" };
  expect(requestOf("a", "http://web.shop:8080/", "tcp", says).says).toEqual({
    kind: "http",
    method: "GET",
    scheme: "http",
    host: "web.shop:8080",
    path: "/cart?x=1",
    headers: [],
  });
  expect(requestOf("a", "lb/shop/web:80", "tcp", { ...says, host: "shop.example" }).says).toMatchObject({
    host: "shop.example",
  });
  expect(requestOf("a", "web.shop:80", "udp", says)).not.toHaveProperty("says");
  expect(hostOf("web.shop:80")).toBe("web.shop");
  expect(hostOf("service/shop/web:80")).toBe("");
});

test("a question of DNS is absolute, and a family is a number", () => {
  const says = { ...SAYS_NOTHING, kind: "dns" as const, name: "web.shop.svc.cluster.local", type: "SRV" as const };
  expect(requestOf("a", "b:53", "udp", { ...says, family: "6" })).toEqual({
    from: "a",
    to: "b:53",
    protocol: "udp",
    family: 6,
    says: { kind: "dns", name: "web.shop.svc.cluster.local.", type: "SRV" },
  });
  expect(saysText(says, "b:53")).toBe("SRV web.shop.svc.cluster.local.");
});

test("what a request said comes back into the fields", () => {
  const says = { ...SAYS_NOTHING, kind: "http" as const, method: "POST", path: "/x", host: "h", family: "4" as const };
  expect(saysOf(requestOf("a", "b:80", "tcp", says))).toEqual(says);
});

test("recent requests are the newest ones, each once", () => {
  const request = (to: string): Request => ({ from: "a", to, protocol: "tcp" });
  const sent = [request("1"), request("2"), request("1"), { ...request("2"), family: 6 as const }];
  expect(recentRequests(sent, 2).map(({ to, family }) => [to, family])).toEqual([
    ["2", 6],
    ["1", undefined],
  ]);
  expect(recentRequests(sent, 9)).toHaveLength(3);
});

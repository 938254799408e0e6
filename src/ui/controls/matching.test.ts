import { expect, test } from "vitest";
import type { Choice } from "../../wire/protocol.ts";
import { listed, matching } from "./matching.ts";

const choices: readonly Choice[] = [
  { value: "pod/shop/web-a:8080", label: "10.244.1.5:8080", group: "pods" },
  { value: "service/shop/web:80", label: "10.96.41.7:80", group: "services" },
  { value: "service/shop/cart:80", label: "10.96.0.9:80", group: "services" },
  { value: "client/internet", label: "198.51.100.24", group: "outside" },
];
const values = (typed: string) => matching(choices, typed).map(({ value }) => value);

test("nothing typed shows all, group by group, keeping the order within a group", () => {
  expect(values("")).toEqual(["client/internet", "service/shop/web:80", "service/shop/cart:80", "pod/shop/web-a:8080"]);
});

test("every word must be found, in the value or the label", () => {
  expect(values("SHOP web")).toEqual(["service/shop/web:80", "pod/shop/web-a:8080"]);
  expect(values("10.96.41")).toEqual(["service/shop/web:80"]);
  expect(values("service/cart")).toEqual(["service/shop/cart:80"]);
  expect(values("nowhere")).toEqual([]);
});

test("of a hundred thousand pods a list shows the first hundred, and says how many are left; who types finds the rest", () => {
  const pods = Array.from({ length: 100_000 }, (_, i): Choice => ({ value: `pod/a/p-${i}`, label: "", group: "pods" }));
  const all = listed([...pods, ...choices], "");
  expect(all.options).toHaveLength(103);
  expect([...all.left]).toEqual([["pods", 99_901]]);
  expect(listed(pods, "p-99999").options.map(({ value }) => value)).toEqual(["pod/a/p-99999"]);
});

test("a value that is offered for two protocols is told apart by them", () => {
  const dns = (protocol: "tcp" | "udp"): Choice => ({
    ...(choices[1] as Choice),
    value: "service/kube-system/kube-dns:53",
    protocol,
  });
  expect([...listed([dns("udp"), dns("tcp"), ...choices], "").twice]).toEqual(["service/kube-system/kube-dns:53"]);
});

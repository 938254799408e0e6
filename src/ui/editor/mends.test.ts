import { describe, expect, it } from "vitest";
import { keyOf, type KubeObject } from "../../model/meta/types.ts";
import type { Service } from "../../model/service/types.ts";
import { labelMends } from "./mends.ts";

const pod = (name: string, labels: Readonly<Record<string, string>>, namespace = "shop"): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace, labels },
});
const mends = (selector: Readonly<Record<string, string>>, ...pods: readonly KubeObject[]): readonly string[] => {
  const service = { kind: "Service", metadata: { name: "web", namespace: "shop" }, spec: { selector } };
  return labelMends(service as unknown as Service, new Map(pods.map((one) => [keyOf(one), one]))).map(
    ({ title }) => title,
  );
};

describe("mends of a selector", () => {
  it("change one label to the nearest that pods carry", () => {
    expect(
      mends(
        { app: "wbe", tier: "x" },
        pod("a", { app: "web", tier: "x" }),
        pod("b", { app: "web", tier: "x" }),
        pod("c", { app: "wbe", tier: "y" }),
      ),
    ).toEqual(["Change tier: x to tier: y (1 pod)", "Change app: wbe to app: web (2 pods)"]);
  });

  it("offer nothing that is far off, or in another namespace", () => {
    expect(mends({ app: "web" }, pod("a", { app: "database" }), pod("b", { app: "wob" }, "other"))).toEqual([]);
  });
});

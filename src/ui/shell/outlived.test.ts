import { describe, expect, it } from "vitest";
import { objectKey, type KubeObject, type ObjectKey } from "../../model/meta/types.ts";
import type { Walk } from "../../model/trace/types.ts";
import { outlived } from "./outlived.ts";

const walk = (to: string, pod: string | null): Walk =>
  ({ request: { from: "client/internet", to }, backend: pod === null ? null : { pod } }) as Partial<Walk> as Walk;
const held = (...keys: readonly ObjectKey[]): ReadonlyMap<ObjectKey, KubeObject> =>
  new Map(keys.map((key) => [key, { apiVersion: "v1", kind: "Any", metadata: { name: key } }]));
const WEB = objectKey("Service", "shop", "web");
const POD = objectKey("Pod", "shop", "web-1");

describe("a walk", () => {
  it("is outlived when its Service and its backend are gone", () => {
    expect(outlived(walk("lb/shop/web:80", "shop/web-1"), held())).toBe(true);
    expect(outlived(walk("service/shop/web", null), held(POD))).toBe(true);
  });

  it("is not while one of them is there", () => {
    expect(outlived(walk("lb/shop/web:80", "shop/web-1"), held(WEB))).toBe(false);
    expect(outlived(walk("lb/shop/web:80", "shop/web-1"), held(POD))).toBe(false);
  });

  it("is never when it went to an address, which may be anybody's", () => {
    expect(outlived(walk("10.96.0.10:53", null), held())).toBe(false);
  });
});

import { expect, test } from "vitest";
import type { Service } from "../model/service/types.ts";
import { balancerAddresses, type Cast } from "./read.ts";

test("the cloud's balancers are those that stand before the nodes: by address or cut name, and none of MetalLB's", () => {
  const service = (ingress: object, annotations = {}): Service =>
    ({
      metadata: { name: "web", annotations },
      status: { loadBalancer: { ingress: [ingress] } },
    }) as unknown as Service;
  const services = [
    service({ ip: "203.0.113.10" }),
    service({ hostname: "a195cf0a760414fa-e054.elb.us-east-1.amazonaws.com" }),
    service({ ip: "192.168.56.240" }, { "metallb.io/ip-allocated-from-pool": "lan" }),
  ];
  expect(balancerAddresses({ services } as unknown as Cast)).toEqual(["203.0.113.10", "a195cf0a76041…"]);
});

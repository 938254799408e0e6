import { expect, test } from "vitest";
import type { Walk } from "../model/trace/types.ts";
import type { World } from "./types.ts";
import { createWorld } from "./world.ts";

const slice = (endpoints: string, port = 8080, more = "", protocol = "TCP"): string => `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: web-x${String(port)}, namespace: shop, labels: { kubernetes.io/service-name: web${more} } }
addressType: IPv4
ports: [{ name: http, port: ${String(port)}, protocol: ${protocol} }]
endpoints: ${endpoints}
---`;
const BY = ", endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io";
const service = (protocol = "TCP"): string => `
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { selector: { app: web }, ports: [{ name: http, port: 80, targetPort: 8080, protocol: ${protocol} }] }
---`;
const pod = (name: string, more = ""): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop, labels: { app: ${name} } }
spec: { nodeName: worker-1, containers: [{ name: c, image: nginx }] }
${more}
---`;

function world(...texts: readonly string[]): World {
  const made = createWorld({ seed: 1 });
  expect(made.dispatch({ type: "text", text: texts.join("") }).refusal).toBeNull();
  return made;
}
function walkOf(on: World, protocol: "tcp" | "sctp" = "tcp"): Walk {
  const walk = on.probe({ from: "node/worker-1", to: "service/shop/web:80", protocol });
  if ("message" in walk) throw new Error(walk.message);
  return walk;
}
const endOf = (on: World, protocol: "tcp" | "sctp" = "tcp"): readonly unknown[] => {
  const { outcome, backend } = walkOf(on, protocol);
  return [outcome, backend?.pod ?? null];
};
const THERE = "[{ addresses: [10.244.2.7], nodeName: worker-2 }]";

test("a pod that the controller of another cluster has seen stands where its slice says, and is no object", () => {
  const on = world(service(), slice(THERE, 8080, BY));
  expect(endOf(on)).toEqual(["delivered", "shop/10.244.2.7"]);
  expect(on.objects.list("Pod", "shop")).toEqual([]);
});

test.each([
  ["on the node that has its network, where the slice names none", "[{ addresses: [10.244.3.9] }]", "shop/10.244.3.9"],
  [
    "on a node's own address, by its ports",
    "[{ addresses: [192.168.56.12], nodeName: worker-2 }]",
    "shop/web-x8080-192.168.56.12",
  ],
  [
    "though it refers to a pod that the text leaves out",
    "[{ addresses: [10.244.2.7], nodeName: worker-2, targetRef: { kind: Pod, name: web-0, namespace: shop } }]",
    "shop/10.244.2.7",
  ],
])("%s", (_, endpoints, backend) => {
  expect(endOf(world(service(), slice(endpoints, 8080, BY)))).toEqual(["delivered", backend]);
});

test("SCTP is what a slice must name", () => {
  expect(endOf(world(service("SCTP"), slice(THERE, 8080, BY, "SCTP")), "sctp")).toEqual([
    "delivered",
    "shop/10.244.2.7",
  ]);
});

test("nobody stands where somebody has written the slice by hand, nor where a client or a pod of the text has the address", () => {
  expect(endOf(world(service(), slice(THERE)))[0]).toBe("unreachable");
  const outside =
    "\napiVersion: kubehop.dev/v1alpha1\nkind: Client\nmetadata: { name: far }\nspec: { ip: 10.244.2.7 }\n---";
  expect(endOf(world(service(), outside, slice(THERE, 8080, BY)))[0]).not.toBe("delivered");
  const own = world(
    service(),
    slice("[{ addresses: [10.244.1.44], nodeName: worker-1 }]", 8080, BY),
    pod("other", "status: { podIP: 10.244.1.44 }"),
  );
  expect(endOf(own)).toEqual(["refused", "shop/other"]);
});

test("it goes with its slice", () => {
  const on = world(service(), slice(THERE, 8080, BY), pod("client"));
  expect(endOf(on)[0]).toBe("delivered");
  on.dispatch({
    type: "write",
    title: "delete",
    writes: [{ verb: "delete", key: "EndpointSlice/shop/web-x8080" as never, force: true }],
  });
  expect(endOf(on)[0]).toBe("refused");
});

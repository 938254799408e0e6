/** Walks through ingress controllers, as the tutorial's two hosts and the rows of the Ingress sheet have it, in whole clusters. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { objectKey } from "../model/meta/types.ts";
import type { Ingress } from "../model/ingress/types.ts";
import type { HttpRequest } from "../model/trace/message.ts";
import type { Walk } from "../model/trace/types.ts";
import type { World } from "./types.ts";
import { createWorld } from "./world.ts";

const TWO_HOSTS = readFileSync("src/scenarios/ingress/scenario.yaml", "utf8");
const LB = "lb/ingress-nginx/ingress-nginx-controller";

function worldOf(text: string): World {
  const world = createWorld({ seed: null });
  expect(world.dispatch({ type: "text", text }).refusal).toBeNull();
  return world;
}

/** `curl` from outside: of a URL, to an address of the controller. */
function get(world: World, url: string, to = LB): Walk {
  const { protocol, host, pathname, search } = new URL(url);
  const says: HttpRequest = {
    kind: "http",
    method: "GET",
    scheme: protocol === "https:" ? "https" : "http",
    host,
    path: `${pathname}${search}`,
    headers: [{ name: "User-Agent", value: "curl/8.5.0" }],
  };
  const port = protocol === "https:" ? 443 : 80;
  const walk = world.probe({ from: "client/internet", to: `${to}:${port}`, protocol: "tcp", says });
  if (!("outcome" in walk)) throw new Error(walk.message);
  return walk;
}

describe("two hosts behind one ingress controller", () => {
  const world = worldOf(TWO_HOSTS);

  it("the text is taken without a remark, and the Ingress has the address of the controller's Service", () => {
    expect(world.report.diagnostics).toEqual([]);
    const ingress = world.objects.get<Ingress>(objectKey("Ingress", "default", "test"));
    expect(ingress?.status.loadBalancer.ingress).toEqual([{ ip: "203.0.113.10" }]);
  });

  it.each([
    ["foo.bar.com", "s1"],
    ["bar.foo.com", "s2"],
  ])("%s leads to a pod of %s by a second connection", (host, service) => {
    const walk = get(world, `http://${host}/hello`);
    expect(walk).toMatchObject({ outcome: "delivered", symptom: "HTTP/1.1 200 OK" });
    expect(walk.backend?.pod).toMatch(new RegExp(`^default/${service}-`));
    const [child] = walk.children;
    expect(child?.role).toBe("relay");
    // Straight to the pod: no Service address on the way, so no rule of kube-proxy.
    expect(child?.hops.every((hop) => hop.before.dst === walk.backend?.ip)).toBe(true);
    // The app sees the controller's pod; who the client is stands in a header.
    const controller = walk.hops.at(-1)?.before.dst;
    expect(walk.sourceSeen).toBe(controller);
    expect(walk.response?.body).toContain(`RemoteAddr: ${controller}:`);
    expect(walk.response?.body).toContain("X-Forwarded-For: 198.51.100.24\n");
    expect(walk.response?.body).toContain(`Host: ${host}\n`);
  });

  it("another host gets the controller's own 404", () => {
    const walk = get(world, "http://example.com/");
    expect(walk).toMatchObject({ outcome: "delivered", symptom: "HTTP/1.1 404 Not Found", children: [] });
    expect(walk.response?.body).toContain("<center>nginx</center>");
  });
});

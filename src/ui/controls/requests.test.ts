import { describe, expect, test } from "vitest";
import type { Choice } from "../../wire/protocol.ts";
import { offered, requestFrom, type Choices } from "./requests.ts";

const choice = (value: string, group: Choice["group"]): Choice => ({ value, label: value, group });

const choices: Choices = {
  from: [choice("node/worker-1", "nodes"), choice("client/internet", "outside"), choice("pod/shop/curl", "pods")],
  to: [
    choice("service/shop/web:80", "services"),
    choice("node/worker-1:30080", "nodes"),
    choice("lb/shop/web:80", "load balancers"),
  ],
};
const none: Choices = { from: [], to: [] };

describe("offered", () => {
  test("keeps a wanted request whose ends are there, and addresses in any case", () => {
    const wanted = { from: "pod/shop/curl", to: "10.96.41.7:80" };
    expect(offered(choices, wanted)).toEqual(wanted);
  });

  test("keeps another port of an end that is there", () => {
    const wanted = { from: "client/internet", to: "node/worker-1:22" };
    expect(offered(choices, wanted)).toEqual(wanted);
    expect(offered(choices, { ...wanted, to: "service/shop/web" }).to).toBe("service/shop/web");
  });

  test("replaces an end that is not there any more", () => {
    expect(offered(choices, { from: "client/internet", to: "lb/shop/old:80" })).toEqual({
      from: "client/internet",
      to: "lb/shop/web:80",
    });
  });

  test("keeps a name or a URL, which may always be asked for", () => {
    for (const to of ["web.shop:80", "http://web.shop/cart"]) {
      expect(offered(choices, { from: "pod/shop/curl", to })).toEqual({ from: "pod/shop/curl", to });
    }
  });

  test("keeps what is wanted while the choices are not known yet", () => {
    const wanted = { from: "client/internet", to: "lb/shop/web:80" };
    expect(offered(none, wanted)).toEqual(wanted);
    expect(offered(none, null)).toEqual({ from: "", to: "" });
  });

  test("dials a ClusterIP from inside: from a pod, else from a node, and not the API server's if there is another", () => {
    const to = [choice("service/default/kubernetes:443", "services"), choice("service/shop/web:80", "services")];
    const wanted = { from: "client/internet", to: "lb/shop/web:80" };
    expect(offered({ ...choices, to }, wanted)).toEqual({ from: "pod/shop/curl", to: "service/shop/web:80" });
    const from = choices.from.filter(({ group }) => group !== "pods");
    expect(offered({ from, to }, wanted)).toEqual({ from: "node/worker-1", to: "service/shop/web:80" });
    expect(offered({ from, to: to.slice(0, 1) }, null).to).toBe("service/default/kubernetes:443");
  });

  test("prefers the reader's own to what every cluster has", () => {
    const from = [choice("pod/kube-system/coredns-x", "pods"), choice("pod/shop/curl", "pods")];
    const to = [choice("service/kube-system/kube-dns:53", "services"), choice("service/shop/web:80", "services")];
    expect(offered({ from, to }, null)).toEqual({ from: "pod/shop/curl", to: "service/shop/web:80" });
    expect(requestFrom({ from, to }, "pod", null)).toEqual({ from: "pod/shop/curl", to: "service/shop/web:80" });
    expect(offered({ from: from.slice(0, 1), to: to.slice(0, 1) }, null)).toEqual({
      from: "pod/kube-system/coredns-x",
      to: "service/kube-system/kube-dns:53",
    });
  });

  test("asks from a pod that is not behind the Service, if there is one", () => {
    const to = [choice("service/shop/web:80", "services")];
    const behind = choice("pod/shop/web-6c8b5d7f9-m4tqz", "pods");
    expect(offered({ from: [behind, choice("pod/shop/zeta", "pods")], to }, null).from).toBe("pod/shop/zeta");
    expect(offered({ from: [behind], to }, null).from).toBe(behind.value);
  });

  test("begins outside, at a load balancer", () => {
    expect(offered(choices, null)).toEqual({ from: "client/internet", to: "lb/shop/web:80" });
  });
});

describe("requestFrom", () => {
  const open = { from: "client/internet", to: "node/worker-1:30080" };

  test("is the scenario's own where it can be made from there", () => {
    expect(requestFrom(choices, "outside", open)).toEqual(open);
    expect(requestFrom(choices, "pod", open)).toEqual({ from: "pod/shop/curl", to: "service/shop/web:80" });
  });

  test("is another when the scenario's own target has gone", () => {
    expect(requestFrom(choices, "outside", { ...open, to: "lb/shop/old:80" })?.to).toBe("lb/shop/web:80");
  });

  test("is none where nobody can send", () => {
    expect(requestFrom(none, "pod", null)).toBeNull();
  });
});

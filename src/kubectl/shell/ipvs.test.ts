import { describe, expect, it } from "vitest";
import { deployment, service, terminal, worldOf } from "../testing.ts";

describe("a node in ipvs mode", () => {
  const world = worldOf(`${deployment("web", 2, 8080)}---\n${service("web")}`);
  world.dispatch({ type: "mode", mode: "ipvs" });
  const { run, out } = terminal(world, {});

  it("shows its virtual servers, and saves them", () => {
    expect(out("ipvsadm -Ln")).toMatch(/^IP Virtual Server version 1\.2\.1 \(size=4096\)\nProt LocalAddress:Port /);
    expect(out("ipvsadm -Ln | grep -c Masq")).not.toBe("0\n");
    expect(out("ipvsadm -Sn")).toMatch(/^-A -t \S+:\d+ -s rr\n-a -t /m);
  });

  it("shows its ip sets, all or one", () => {
    expect(out("ipset list | grep -c ^Name:")).toBe("17\n");
    expect(out("ipset list KUBE-CLUSTER-IP")).toMatch(/^Name: KUBE-CLUSTER-IP\nType: hash:ip,port\n/);
    expect(out("ipset list KUBE-CLUSTER-IP")).not.toContain("KUBE-LOOP-BACK");
    expect(out("ipset save KUBE-IPVS-IPS")).toMatch(/^create KUBE-IPVS-IPS hash:ip family inet /);
    expect(run("ipset list NONE").code).toBe(1);
  });

  it("has iptables rules beside them", () => {
    expect(out("iptables-save -t nat")).toContain(
      "-A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP dst,dst -j ACCEPT",
    );
    expect(out("iptables -t nat -S KUBE-MARK-MASQ")).toBe(
      "-N KUBE-MARK-MASQ\n-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000\n",
    );
  });
});

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Walk } from "../model/trace/types.ts";
import { runCli } from "./cli.ts";

const SHOP = readFileSync("src/scenarios/shop-web/scenario.yaml", "utf8");
const GHOST =
  "apiVersion: v1\nkind: Service\nmetadata: {name: ghost}\nspec: {selector: {app: x}, ports: [{port: 80}]}\n";
const BROKEN =
  "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selectr: {app: web}\n  ports: [{port: 80}]\n";

const FILES: Readonly<Record<string, string>> = { "shop.yaml": SHOP, "ghost.yaml": GHOST, "broken.yaml": BROKEN };
const shop = "shop.yaml";
const noEndpoints = "ghost.yaml";
const broken = "broken.yaml";

function kubehop(
  args: readonly string[],
  input = "",
): { readonly code: number; readonly out: string; readonly err: string } {
  const { stdout, stderr, code } = runCli(args, (path) => (path === "-" ? input : (FILES[path] ?? null)));
  return { code, out: stdout, err: stderr };
}

interface Trace {
  readonly outcomes: readonly {
    readonly probability: number;
    readonly outcome: string;
    readonly symptom: string;
    readonly backend: { readonly pod: string; readonly ip: string; readonly port: number } | null;
    readonly sourceSeen: string | null;
  }[];
  readonly walks: readonly {
    readonly hops: readonly { readonly rule: string | null; readonly considered: number }[];
    readonly reply: readonly unknown[];
  }[];
}

const trace = (args: readonly string[], input = ""): Trace =>
  JSON.parse(kubehop(["trace", ...args, "--json"], input).out) as Trace;

describe("trace", () => {
  it("shows the connections that kube-proxy makes in userspace mode, and how long each took", () => {
    const args = ["trace", shop, "--from", "client/internet", "--to", "lb/shop/web:80", "--mode", "userspace"];
    const { out } = kubehop(args);
    expect(out).toMatch(/kube-proxy on worker-\d accepts the connection for shop\/web on its port/);
    expect(out).toMatch(
      /\n {2}\*\* node\/worker-\d dials 10\.244\.\d\.\d+:\d+: delivered after \d+ µs\n {7}Connected to/,
    );
    const [child] =
      (JSON.parse(kubehop([...args, "--json"]).out) as { walks: { children: Walk[] }[] }).walks[0]?.children ?? [];
    expect(child).toMatchObject({ outcome: "delivered", children: [] });
    expect(child?.hops.at(-1)?.place).toMatch(/^pod\/shop\/web-/);
  });

  it("lists every outcome of a load balancer request with its exact probability", () => {
    const { outcomes, walks } = trace([shop, "--from", "client/internet", "--to", "lb/shop/web:80", "--explore"]);
    expect(outcomes).toHaveLength(9);
    expect(walks).toHaveLength(9);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ outcome: "delivered", backend: { port: 8080 } });
      expect(outcome.probability).toBeCloseTo(1 / 9, 12);
    }
  });

  it.each([
    ["--filename", [`--filename=${shop}`]],
    ["-f glued to its file", [`-f${shop}`]],
    ["-f with an equals sign", [`-f=${shop}`]],
    ["a switch that says false", [shop, "--explore=false"]],
  ])("reads its options as kubectl does: %s", (_name, files) => {
    expect(trace([...files, "--from", "client/internet", "--to", "lb/shop/web:80"]).outcomes).toHaveLength(1);
  });

  it("says an error of the text once, and where", () => {
    const { err, code, out } = kubehop(["trace", "-", "--from", "node/worker-1", "--to", "1.2.3.4:80"], "a:\n\tb: c\n");
    expect([code, out]).toEqual([1, ""]);
    expect(err.match(/error:/g)).toHaveLength(1);
    expect(err).toMatch(/^STDIN:2: error: error converting YAML to JSON: yaml: line 2: .*\n$/);
  });

  it("says by which rule a Service without endpoints refuses, and exits 0: that is an outcome, not an error", () => {
    const { outcomes, walks } = trace([noEndpoints, "--from", "node/worker-1", "--to", "service/default/ghost:80"]);
    expect(outcomes[0]).toMatchObject({ outcome: "refused", backend: null, sourceSeen: null });
    expect(walks[0]?.hops.at(-1)?.rule).toBe(
      `-A KUBE-SERVICES -d ${/to (10\.\S+) port/.exec(outcomes[0]?.symptom ?? "")?.[1]}/32 -p tcp -m comment --comment "default/ghost has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable`,
    );
    expect(
      kubehop(["trace", noEndpoints, "--from", "node/worker-1", "--to", "service/default/ghost:80"]).out,
    ).toContain("default/ghost has no endpoints");
  });

  it("repeats itself for a seed and differs between seeds", () => {
    const with_ = (seed: number): string =>
      kubehop(["trace", shop, "--from", "client/internet", "--to", "lb/shop/web:80", "--seed", String(seed), "--json"])
        .out;
    expect(with_(4)).toBe(with_(4));
    expect(new Set([1, 2, 3, 4].map(with_)).size).toBeGreaterThan(1);
  });

  it("reads several files and standard input", () => {
    const client = "apiVersion: kubehop.dev/v1alpha1\nkind: Client\nmetadata: {name: me}\nspec: {ip: 203.0.113.7}\n";
    const { outcomes } = trace([shop, "-", "--from", "client/me", "--to", "lb/shop/web:80"], client);
    expect(outcomes[0]?.outcome).toBe("delivered");
  });

  it.each([
    [["--from", "pod/shop/nobody", "--to", "service/shop/web:80"], /nobody/],
    [["--from", "client/internet", "--to", "service/shop/web:https"], /https/],
    [["--from", "client/internet", "--to", "nowhere"], /nowhere/],
    [["--from", "client/internet"], /--to/],
    [["--from", "client/internet", "--to", "lb/shop/web:80", "--protocol", "gre"], /protocol/],
    [["--from", "client/internet", "--to", "lb/shop/web:80", "--frob"], /--frob/],
  ])("refuses %j on standard error with exit code 1", (args, message) => {
    const { code, out, err } = kubehop(["trace", shop, ...args]);
    expect(code).toBe(1);
    expect(out).toBe("");
    expect(err).toMatch(message);
  });
});

describe("kubectl", () => {
  it("prints tables as kubectl does", () => {
    const { out, err } = kubehop(["kubectl", "-f", shop, "--", "get", "svc", "-n", "shop", "-o", "wide"]);
    expect(err).toBe("");
    const [head, row] = out.split("\n");
    expect(head).toMatch(/^NAME {3}TYPE {11}CLUSTER-IP {3,}EXTERNAL-IP {4}PORT\(S\) {8}AGE {3}SELECTOR$/);
    expect(row).toMatch(
      /^web {4}LoadBalancer {3}10\.\d+\.\d+\.\d+ +203\.0\.113\.10 {3}80:3\d{4}\/TCP {3}0s {4}app=web$/,
    );
  });

  it("answers what is not there as kubectl does", () => {
    expect(kubehop(["kubectl", "-f", shop, "--", "get", "svc", "ghost"])).toMatchObject({
      code: 1,
      err: 'Error from server (NotFound): services "ghost" not found\n',
    });
    expect(kubehop(["kubectl", "-f", shop, "--", "get", "po", "-n", "default"])).toMatchObject({
      code: 0,
      err: "No resources found in default namespace.\n",
    });
  });

  it("prints YAML with keys in order", () => {
    const { out } = kubehop(["kubectl", "-f", shop, "--", "get", "svc", "web", "-n", "shop", "-o", "yaml"]);
    expect(out).toMatch(/^apiVersion: v1\nkind: Service\nmetadata:\n {2}annotations:\n/);
    expect(out).toMatch(
      /\n {2}ports:\n {2}- nodePort: 3\d{4}\n {4}port: 80\n {4}protocol: TCP\n {4}targetPort: 8080\n/,
    );
    expect(out).toMatch(/\nstatus:\n {2}loadBalancer:\n {4}ingress:\n {4}- ip: 203\.0\.113\.10\n {6}ipMode: VIP\n$/);
  });

  it("shows a refused manifest in the server's words, with file and line", () => {
    expect(kubehop(["kubectl", "-f", broken, "--", "get", "svc"])).toMatchObject({
      code: 1,
      out: "",
      err: expect.stringMatching(
        /broken\.yaml:5: error: .*strict decoding error: unknown field "spec\.selectr"/,
      ) as string,
    });
  });
});

it("names a file that is not there as kubectl does", () => {
  expect(kubehop(["kubectl", "-f", "x.yaml", "--", "get", "svc"])).toMatchObject({
    code: 1,
    err: 'error: the path "x.yaml" does not exist\n',
  });
});

describe("rules", () => {
  it("prints what iptables-save prints on that node", () => {
    const { out } = kubehop(["rules", shop, "--node", "worker-2", "--format", "save"]);
    expect(out).toMatch(/^\*filter\n:INPUT ACCEPT \[0:0\]\n/);
    expect(out).toContain(
      '-A KUBE-SERVICES -d 203.0.113.10/32 -p tcp -m comment --comment "shop/web loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-',
    );
    expect(out.trimEnd().endsWith("COMMIT")).toBe(true);
  });

  it("names the nodes there are when asked for another", () => {
    expect(kubehop(["rules", shop, "--node", "worker-9"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("worker-1, worker-2, worker-3") as string,
    });
  });

  it("prints what kube-proxy feeds to iptables-restore, in the mode that does", () => {
    const { out } = kubehop(["rules", shop, "--node", "worker-2", "--format", "restore"]);
    expect(out).toMatch(/^\*filter\n:KUBE-SERVICES - \[0:0\]\n/);
    expect(out).toMatch(
      /^-A KUBE-SERVICES -m comment --comment "\S+ cluster IP" -m tcp -p tcp -d \S+ --dport \d+ -j KUBE-SVC-/m,
    );
    expect(kubehop(["rules", shop, "--node", "worker-2", "--mode", "nftables", "--format", "restore"])).toMatchObject({
      code: 1,
    });
  });

  it("prints the rules of userspace mode as iptables-save does too", () => {
    const { out } = kubehop(["rules", shop, "--node", "worker-1", "--mode", "userspace"]);
    expect(out).toMatch(/-A KUBE-PORTALS-CONTAINER -d 203\.0\.113\.10\/32 -p tcp .* -j REDIRECT --to-ports \d+\n/);
  });
});

describe("sh", () => {
  it("runs a line of the terminal, words or quoted as one", () => {
    expect(kubehop(["sh", "-f", shop, "--", "ssh", "worker-1", "hostname"])).toEqual({
      code: 0,
      out: "worker-1\n",
      err: "",
    });
    expect(
      kubehop([
        "sh",
        shop,
        "--",
        "for i in 1 2; do ssh worker-$i curl -so /dev/null -w '%{exitcode} ' 127.0.0.1:10256/healthz; done",
      ]).out,
    ).toBe("0 0 ");
    expect(kubehop(["sh", shop]).err).toMatch(/^nothing after --: say what to run/);
  });
});

describe("kubehop drift", () => {
  const dump = (change: (text: string) => string): Parameters<typeof kubehop> => [
    ["drift", shop, "--node", "worker-1", "--dump", "-"],
    change(kubehop(["rules", shop, "--node", "worker-1"]).out),
  ];

  it("says that a node's rules are what kube-proxy would write, beside those of the network's own masquerading", () => {
    const { out, err, code } = kubehop(...dump((text) => text));
    expect([err, code]).toEqual(["", 0]);
    expect(out).toMatch(
      /^worker-1, iptables mode: \d+ the same, 0 differ, 0 only in the dump, 0 missing; 6 rules are not kube-proxy's\.\n$/,
    );
  });

  it("shows each rule that differs, what it means, and exits with 1", () => {
    const { out, code } = kubehop(
      ...dump((text) =>
        text.replace(/^(-A KUBE-POSTROUTING .*) --random-fully$/m, "$1").replace(/^-A KUBE-MARK-MASQ.*\n/m, ""),
      ),
    );
    expect(code).toBe(1);
    expect(out).toContain("nat KUBE-POSTROUTING\n  - -A KUBE-POSTROUTING");
    expect(out).toContain("    --random-fully is missing: the node has an older kernel");
    expect(out).toContain("nat KUBE-MARK-MASQ\n  + -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000\n");
    expect(out).toMatch(/1 differ, 0 only in the dump, 1 missing/);
  });

  it("refuses what is no dump, no node, no file", () => {
    expect(kubehop(["drift", shop, "--node", "worker-1", "--dump", "-"], "hello\n").err).toContain(
      "This is no dump of a node's rules",
    );
    expect(kubehop(["drift", shop, "--node", "x", "--dump", "-"], "").err).toContain('There is no node "x"');
    expect(kubehop(["drift", shop, "--node", "worker-1"]).err).toContain("--dump DUMP is needed");
    expect(kubehop(["drift", shop, "--node", "worker-1", "--dump", "none.txt"]).err).toContain(
      'the path "none.txt" does not exist',
    );
  });
});

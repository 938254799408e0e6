import { describe, expect, it } from "vitest";
import { deployment, service, terminal, worldOf } from "../../testing.ts";

const pod = (name: string, image: string, more = ""): string =>
  `---\napiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec: {nodeName: worker-1, containers: [{name: c, image: ${image}}]${more}}\n`;
const service80 = (selector: string, ip: string): string =>
  `{selector: {app: ${selector}}, clusterIP: ${ip}, ports: [{port: 80}]}`;

const TEXT = `${service("web", service80("web", "10.96.0.50"))}---
${service("none", service80("nobody", "10.96.0.51"))}---
${service("hung", service80("stuck", "10.96.0.52"))}---
${deployment("web", 1)}${pod("tools", "nicolaka/netshoot")}${pod("busy", "busybox")}${pod("bare", "gcr.io/distroless/static")}${pod("nginx", "nginx:1.27")}
---
apiVersion: v1
kind: Pod
metadata: {name: stuck, labels: {app: stuck}}
spec: {nodeName: worker-2, containers: [{name: c, image: nginx}]}
`;

function scene() {
  const world = worldOf(TEXT);
  world.dispatch({ type: "fault", fault: "hang", pod: "Pod/default/stuck" as never, on: true });
  return { world, ...terminal(world) };
}

/** The line that is printed for an address that does not exist, where time passes until the limit. */
const NOBODY = "203.0.113.99";

describe("each tool, by what becomes of its request", () => {
  const { run } = scene();

  it.each([
    // curl
    ["tools", "curl -s -o /dev/null -w '%{http_code} %{remote_ip}\\n' http://web/", 0, "200 10.96.0.50\n", ""],
    [
      "tools",
      "curl -sS http://none/",
      7,
      "",
      "curl: (7) Failed to connect to none port 80 after 0 ms: Couldn't connect to server\n",
    ],
    ["tools", `curl -m 2 http://${NOBODY}/`, 28, "", "curl: (28) Connection timed out after 2001 milliseconds\n"],
    [
      "tools",
      `curl --connect-timeout 1.5 http://${NOBODY}/`,
      28,
      "",
      "curl: (28) Connection timed out after 1501 milliseconds\n",
    ],
    [
      "tools",
      `curl http://${NOBODY}/`,
      28,
      "",
      `curl: (28) Failed to connect to ${NOBODY} port 80 after 130000 ms: Couldn't connect to server\n`,
    ],
    [
      "tools",
      "curl -m 3 hung",
      28,
      "",
      "curl: (28) Operation timed out after 3001 milliseconds with 0 bytes received\n",
    ],
    ["tools", "curl no.such.name", 6, "", "curl: (6) Could not resolve host: no.such.name\n"],
    ["tools", "curl -s no.such.name", 6, "", ""],
    ["tools", "curl -s -o /dev/null -w '%{http_code}' none", 7, "000", ""],
    ["tools", "curl -sf web/nothing-here", 22, "", ""],
    ["tools", "curl -s https://web:80/", 35, "", ""],
    ["tools", "curl ftp://web/", 1, "", 'curl: (1) Protocol "ftp" not supported\n'],
    [
      "tools",
      "curl http://web:http/",
      3,
      "",
      "curl: (3) URL rejected: Port number was not a decimal number between 0 and 65535\n",
    ],
    [
      "tools",
      "curl --nope web",
      2,
      "",
      "curl: option --nope: is unknown\ncurl: try 'curl --help' for more information\n",
    ],
    ["tools", "curl", 2, "", "curl: (2) no URL specified\ncurl: try 'curl --help' for more information\n"],
    // wget
    ["busy", "wget -qO /dev/null http://web/", 0, "", ""],
    [
      "busy",
      "wget -O- none",
      1,
      "",
      "Connecting to none (10.96.0.51:80)\nwget: can't connect to remote host (10.96.0.51): Connection refused\n",
    ],
    ["busy", `wget -q -T 2 ${NOBODY}`, 1, "", "wget: download timed out\n"],
    ["busy", "wget -q -T 2 hung", 1, "", "wget: download timed out\n"],
    ["busy", "wget no.such.name", 1, "", "wget: bad address 'no.such.name'\n"],
    ["busy", "wget -q web/nothing-here", 1, "", "wget: server returned error: HTTP/1.1 404 Not Found\n"],
    ["tools", "wget -q none", 4, "", ""],
    ["tools", "wget -nv no.such.name", 4, "", "wget: unable to resolve host address ‘no.such.name’\n"],
    ["tools", "wget -q web/nothing-here", 8, "", ""],
    // nc, ncat, telnet
    ["tools", "nc -zv web 80", 0, "", "Connection to web (10.96.0.50) 80 port [tcp/http] succeeded!\n"],
    ["tools", "nc -zv none 80", 1, "", "nc: connect to none (10.96.0.51) port 80 (tcp) failed: Connection refused\n"],
    [
      "tools",
      `nc -zv -w 2 ${NOBODY} 80`,
      1,
      "",
      `nc: connect to ${NOBODY} port 80 (tcp) timed out: Operation now in progress\n`,
    ],
    [
      "tools",
      "nc -zv no.such.name 80",
      1,
      "",
      'nc: getaddrinfo for host "no.such.name" port 80: Name or service not known\n',
    ],
    ["busy", "nc -zv web 80", 0, "", "web (10.96.0.50:80) open\n"],
    ["busy", "nc -zv none 80", 1, "", "nc: none (10.96.0.51:80): Connection refused\n"],
    ["busy", "nc -zv no.such.name 80", 1, "", "nc: bad address 'no.such.name'\n"],
    ["tools", "ncat none 80", 1, "", "Ncat: Connection refused.\n"],
    ["tools", `ncat -w 1 ${NOBODY} 80`, 1, "", "Ncat: TIMEOUT.\n"],
    [
      "tools",
      "telnet none 80",
      1,
      "Trying 10.96.0.51...\n",
      "telnet: Unable to connect to remote host: Connection refused\n",
    ],
    ["busy", "telnet web 80", 1, "Connected to web\n", "Connection closed by foreign host.\n"],
    // ping
    ["tools", "ping -c 1 no.such.name", 2, "", "ping: no.such.name: Name or service not known\n"],
    ["busy", "ping -c 1 no.such.name", 1, "", "ping: bad address 'no.such.name'\n"],
    ["tools", "ping", 1, "", "ping: usage error: Destination address required\n"],
    [
      "tools",
      "ping -c 1 -M do -s 3000 10.244.1.1",
      1,
      "PING 10.244.1.1 (10.244.1.1) 3000(3028) bytes of data.\nping: local error: message too long, mtu=1500\n\n--- 10.244.1.1 ping statistics ---\n1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms\n\n",
      "",
    ],
  ])("%s: %s exits %i", (from, line, code, stdout, stderr) => {
    const output = run(`kubectl exec ${from} -- ${line}`);
    const ended = code === 0 ? "" : `command terminated with exit code ${code}\n`;
    expect(output).toEqual({ stdout, stderr: stderr + ended, code });
  });

  it("refuses at a node with the node's ICMP error", () => {
    expect(run("ssh worker-1 ping -c 2 10.244.77.7").stdout).toMatch(
      /^PING 10\.244\.77\.7 \(10\.244\.77\.7\) 56\(84\) bytes of data\.\n/,
    );
  });
});

describe("kernel-facts, easy to get wrong 3: connect() to a Service that rejects", () => {
  const { run, world } = scene();
  const took = (line: string): number => {
    const startedAt = world.now;
    run(line);
    return Math.round((world.now - startedAt) / 1_000);
  };

  it.each([
    ["kubectl exec tools -- telnet 10.96.0.51 80", 1_020],
    ["kubectl exec busy -- telnet 10.96.0.51 80", 1_020],
    ["kubectl exec busy -- nc -zv 10.96.0.51 80", 1_020],
    ["kubectl exec busy -- wget -qO- 10.96.0.51", 1_020],
    ["kubectl exec tools -- wget -qO- 10.96.0.51", 1_020],
    ["ssh worker-1 telnet 10.96.0.51 80", 1_020],
    ["kubectl exec tools -- curl -s 10.96.0.51", 0],
    ["kubectl exec tools -- nc -z 10.96.0.51 80", 0],
    ["kubectl exec tools -- ncat 10.96.0.51 80", 0],
  ])("%s ends after %i ms, blocking or not", (line, ms) => {
    expect(took(line)).toBe(ms);
  });

  it("a closed port's RST is heard at once", () => {
    expect(took("kubectl exec busy -- nc -zv 10.96.0.50 81")).not.toBe(1_020);
    expect(took("ssh worker-1 telnet 192.168.56.12 81")).toBeLessThan(5);
  });

  it("a limit of the tool's own rings first", () => {
    expect(run("kubectl exec busy -- wget -q -T 1 10.96.0.51").stderr).toMatch(/^wget: download timed out\n/);
    expect(run("kubectl exec busy -- timeout 1 wget -q 10.96.0.51").code).toBe(143);
    expect(took("kubectl exec busy -- timeout 1 wget -q 10.96.0.51")).toBe(1_000);
  });
});

describe("curl", () => {
  const { run, world } = scene();

  it("says with -v what it does", () => {
    const { stderr, stdout } = run("kubectl exec tools -- curl -sv http://web/ -H 'X-Request: 1' -o /dev/null");
    expect(stdout).toBe("");
    expect(stderr.split("\n").slice(0, 12)).toEqual([
      "* Host web:80 was resolved.",
      "* IPv6: (none)",
      "* IPv4: 10.96.0.50",
      "*   Trying 10.96.0.50:80...",
      "* Connected to web (10.96.0.50) port 80",
      "> GET / HTTP/1.1",
      "> Host: web",
      "> User-Agent: curl/8.10.1",
      "> Accept: */*",
      "> X-Request: 1",
      "> ",
      "* Request completely sent off",
    ]);
    expect(stderr).toMatch(
      /\n< HTTP\/1\.1 200 OK\n(< .*\n)+\{ \[\d+ bytes data\]\n\* Connection #0 to host web left intact\n$/,
    );
    expect(run("kubectl exec tools -- curl -v 10.96.0.51").stderr).toMatch(
      /^\* {3}Trying 10\.96\.0\.51:80\.\.\.\n\* connect to 10\.96\.0\.51 port 80 from 10\.244\.1\.\d+ port \d+ failed: Connection refused\n\* Failed to connect to 10\.96\.0\.51 port 80 after 0 ms: Couldn't connect to server\n\* closing connection #0\ncurl: \(7\)/,
    );
  });

  it("is one request of the history for each URL, and takes its time", () => {
    const [walks, now] = [world.walks.length, world.now];
    run(`kubectl exec tools -- curl -s -m 2 web ${NOBODY} 'web/[1-3]'`);
    expect(world.walks.slice(walks).map(({ request: { from, to } }) => `${from} ${to}`)).toEqual([
      "pod/default/tools web:80",
      `pod/default/tools ${NOBODY}:80`,
      ...Array.from({ length: 3 }, () => "pod/default/tools web:80"),
    ]);
    expect(world.now - now).toBeGreaterThan(2_000_000);
    expect(world.now - now).toBeLessThan(2_100_000);
    expect(world.walks.at(-1)?.request.says).toMatchObject({ kind: "http", method: "GET", host: "web", path: "/3" });
  });

  it("sends the Host header that it is given, to the address that it is told", () => {
    run("kubectl exec tools -- curl -s --resolve shop.test:80:10.96.0.50 http://shop.test/a?b -H 'Host: other' -X PUT");
    const { request } = world.walks.at(-1) ?? {};
    expect(request?.to).toBe("10.96.0.50:80");
    expect(request?.says).toMatchObject({ method: "PUT", host: "other", path: "/a?b" });
  });

  it("tries again", () => {
    const { stderr, code } = run(`kubectl exec tools -- curl -sS --retry 2 -m 1 ${NOBODY}`);
    const line = "curl: (28) Connection timed out after 1001 milliseconds\n";
    expect([stderr, code]).toEqual([`${line.repeat(3)}command terminated with exit code 28\n`, 28]);
    expect(run("kubectl exec tools -- curl --retry 1 --retry-connrefused none").stderr).toContain(
      "Warning: Problem: connection refused. Will retry in 1 second. 1 retry left.\n",
    );
  });

  it("runs on a node and outside", () => {
    expect(run("ssh worker-1 curl -so /dev/null -w '%{local_ip}' 10.96.0.50").stdout).toBe("192.168.56.11");
    expect(run("ssh worker-1 curl -s web").code).toBe(6);
  });

  it("is ended by timeout", () => {
    const now = world.now;
    expect(run(`timeout 3 ssh worker-1 curl -s ${NOBODY}`)).toEqual({ stdout: "", stderr: "", code: 124 });
    expect(world.now - now).toBe(3_000_000);
  });
});

describe("what an image has", () => {
  const { run } = scene();
  const failed = (program: string): RegExp =>
    new RegExp(
      `^error: Internal error occurred: Internal error occurred: error executing command in container: failed to exec in container: failed to start exec "[0-9a-f]{64}": OCI runtime exec failed: exec failed: unable to start container process: exec: "${program}": executable file not found in \\$PATH\n$`,
    );

  it.each([
    ["busy", "curl web", "curl"],
    ["busy", "bash -c true", "bash"],
    ["bare", "sh -c true", "sh"],
    ["bare", "cat /etc/hosts", "cat"],
    ["nginx", "wget web", "wget"],
    ["nginx", "ping web", "ping"],
  ])("%s has no %s", (from, line, program) => {
    const { stderr, code, stdout } = run(`kubectl exec ${from} -- ${line}`);
    expect(stderr).toMatch(failed(program));
    expect([stdout, code]).toEqual(["", 1]);
  });

  it("is what a shell finds, too", () => {
    expect(run("kubectl exec busy -- sh -c 'curl web'").stderr).toBe(
      "sh: curl: not found\ncommand terminated with exit code 127\n",
    );
    expect(run("kubectl exec nginx -- sh -c 'ping web || curl -so /dev/null -w ok web'")).toEqual({
      stdout: "ok",
      stderr: "sh: 1: ping: not found\n",
      code: 0,
    });
  });
});

describe("ping", () => {
  const { run } = scene();

  it("prints each answer and the statistics", () => {
    expect(run("kubectl exec tools -- ping -c 2 10.244.1.1").stdout).toMatch(
      /^PING 10\.244\.1\.1 \(10\.244\.1\.1\) 56\(84\) bytes of data\.\n64 bytes from 10\.244\.1\.1: icmp_seq=1 ttl=64 time=[\d.]+ ms\n64 bytes from 10\.244\.1\.1: icmp_seq=2 ttl=64 time=[\d.]+ ms\n\n--- 10\.244\.1\.1 ping statistics ---\n2 packets transmitted, 2 received, 0% packet loss, time 1000ms\nrtt min\/avg\/max\/mdev = [\d.]+\/[\d.]+\/[\d.]+\/[\d.]+ ms\n$/,
    );
    expect(run("kubectl exec busy -- ping -c 1 10.244.1.1").stdout).toMatch(
      /^PING 10\.244\.1\.1 \(10\.244\.1\.1\): 56 data bytes\n64 bytes from 10\.244\.1\.1: seq=0 ttl=64 time=[\d.]+ ms\n\n--- 10\.244\.1\.1 ping statistics ---\n1 packets transmitted, 1 packets received, 0% packet loss\nround-trip min\/avg\/max = [\d.]+\/[\d.]+\/[\d.]+ ms\n$/,
    );
  });

  it("tells whose TTL ran out", () => {
    expect(run("kubectl exec tools -- ping -c 1 -t 1 203.0.113.99").stdout).toContain(
      "\nFrom 10.244.1.1 icmp_seq=1 Time to live exceeded\n",
    );
  });
});

describe("traceroute", () => {
  const { run, world } = scene();
  const target = world.objects.podsMatching("default", { app: "stuck" })[0]?.status.podIP ?? "";

  it("has the bridge, the other node and the pod", () => {
    const { stdout } = run(`kubectl exec tools -- traceroute -n -T -p 80 ${target}`);
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toBe(`traceroute to ${target} (${target}), 30 hops max, 60 byte packets`);
    expect(lines.slice(1).map((line) => line.trim().split(/\s+/).slice(0, 2).join(" "))).toEqual([
      "1 10.244.1.1",
      "2 192.168.56.12",
      `3 ${target}`,
    ]);
  });

  it("datapath, traceroute to a ClusterIP: UDP probes hit no rule; by TCP to the right port all who answer do so as the ClusterIP", () => {
    const to = (line: string): readonly string[] =>
      run(`kubectl exec tools -- traceroute -n -m 4 ${line}`)
        .stdout.trimEnd()
        .split("\n")
        .slice(1)
        .map((row) => row.trim().split(/\s+/)[1] ?? "");
    // The bridge's node and the other one, then the pod. The kernel gives errors about a DNATed packet the address that was dialled.
    expect(to("-T -p 80 10.96.0.52")).toEqual(["10.96.0.52", "10.96.0.52", "10.96.0.52"]);
    expect(to("10.96.0.52")).toEqual(["10.244.1.1", "*", "*", "*"]);
    expect(to("-T -p 81 10.96.0.52")).toEqual(["10.244.1.1", "*", "*", "*"]);
  });

  it("ends in stars where packets vanish", () => {
    const { stdout } = run(`kubectl exec tools -- traceroute -n -m 6 ${NOBODY}`);
    expect(stdout.trimEnd().split("\n").slice(-2)).toEqual([" 5  * * *", " 6  * * *"]);
    expect(run(`kubectl exec tools -- tracepath ${target}`).stdout).toMatch(
      / 3: {2}\S+ +[\d.]+ms reached\n {5}Resume: pmtu 1500 hops 3 back 3 \n$/,
    );
  });
});

describe("what a machine is told of itself", () => {
  const { out, run } = scene();

  it("has addresses and routes", () => {
    expect(out("ssh worker-1 ip -br addr")).toContain("eth0             UP             192.168.56.11/24 \n");
    expect(out("ssh worker-1 ip route").split("\n")[0]).toBe("default via 192.168.56.1 dev eth0");
    expect(out("ssh worker-1 ip route")).toContain("\n10.244.2.0/24 via 192.168.56.12 dev eth0\n");
    expect(out("ssh worker-1 ip route get 10.244.2.7").split("\n")[0]).toBe(
      "10.244.2.7 via 192.168.56.12 dev eth0 src 192.168.56.11 uid 0 ",
    );
    expect(out("ssh worker-1 bridge -d link")).toMatch(/ master cni0 state forwarding .*\n {4}hairpin on /);
    expect(out("kubectl exec tools -- ip a show eth0")).toMatch(/link\/ether 0a:58:0a:f4:01:[0-9a-f]{2} /);
    expect(run("ssh worker-1 ip link show nope")).toEqual({
      stdout: "",
      stderr: 'Device "nope" does not exist.\n',
      code: 1,
    });
  });

  it("has sockets and switches", () => {
    expect(out("ssh worker-1 ss -ltnp")).toMatch(
      /\nLISTEN +0 +4096 +0\.0\.0\.0:10250 +0\.0\.0\.0:\* +users:\(\("kubelet",/,
    );
    expect(out("kubectl exec busy -- netstat -ltn")).toBe(
      "Active Internet connections (only servers)\nProto Recv-Q Send-Q Local Address           Foreign Address         State\n",
    );
    expect(out("ssh worker-1 sysctl net.ipv4.ip_forward")).toBe("net.ipv4.ip_forward = 1\n");
    expect(run("ssh worker-1 sysctl net.nope").stderr).toBe(
      "sysctl: cannot stat /proc/sys/net/nope: No such file or directory\n",
    );
  });

  it("has the files of names", () => {
    expect(out("ssh worker-1 cat /etc/resolv.conf /etc/hostname")).toBe("nameserver 192.168.56.1\nworker-1\n");
    expect(out("ssh worker-1 cat /etc/hosts")).toContain("127.0.0.1\tlocalhost worker-1\n");
  });

  it("has the packets of the last request", () => {
    out("kubectl exec tools -- curl -so /dev/null 10.96.0.50");
    const seen = out("ssh worker-1 tcpdump -ni any tcp port 80").trimEnd().split("\n");
    expect(seen[0]).toMatch(
      /^\d\d:\d\d:\d\d\.\d{6} veth\d In {2}IP 10\.244\.1\.\d+\.\d+ > 10\.96\.0\.50\.80: Flags \[S\], seq \d+, /,
    );
    expect(seen.some((line) => / Out IP 10\.244\.1\.\d+\.\d+ > 10\.244\.\d\.\d+\.80: Flags \[S\]/.test(line))).toBe(
      true,
    );
    expect(seen.at(-1)).toMatch(/ veth\d Out IP 10\.96\.0\.50\.80 > 10\.244\.1\.\d+\.\d+: Flags \[S\.\]/);
    expect(out("ssh worker-1 tcpdump -ni any udp or host 1.2.3.4")).toBe("");
    expect(run("ssh worker-1 tcpdump -ni any 'tcp and ('").stderr).toBe(
      "tcpdump: can't parse filter expression: syntax error\n",
    );
  });

  it("forgets the connections that conntrack deletes", () => {
    out("kubectl exec tools -- curl -so /dev/null 10.96.0.50");
    expect(out("ssh worker-1 conntrack -L -p tcp -d 10.96.0.50 -o extended")).toMatch(
      /^ipv4 {5}2 tcp {6}6 \d+ TIME_WAIT src=/,
    );
    expect(run("ssh worker-1 conntrack -D -d 10.96.0.50").stderr).toMatch(/: [12] flow entries have been deleted\.\n$/);
    expect(run("ssh worker-1 conntrack -D -d 10.96.0.50")).toEqual({
      stdout: "",
      stderr: "conntrack v1.4.7 (conntrack-tools): 0 flow entries have been deleted.\n",
      code: 1,
    });
  });
});

describe("kubectl run --rm -it", () => {
  const { run, world } = scene();

  it("runs the command in a pod of its own and deletes it", () => {
    expect(run("kubectl run tmp --rm -it --image=busybox --restart=Never -- wget -qO /dev/null web")).toEqual({
      stdout: 'pod "tmp" deleted from default namespace\n',
      stderr: "",
      code: 0,
    });
    expect(world.objects.list("Pod", "default").map((p) => p.metadata.name)).not.toContain("tmp");
    expect(world.walks.at(-1)?.request.from).toBe("pod/default/tmp");
  });

  it("ends as the command ends", () => {
    expect(run("kubectl run tmp --rm -i --image=busybox --restart=Never -- wget -q none")).toMatchObject({
      stderr:
        "wget: can't connect to remote host (10.96.0.51): Connection refused\npod default/tmp terminated (Error)\n",
      code: 1,
    });
    expect(run("kubectl run tmp --rm -i --image=busybox --restart=Never -- curl none").stderr).toMatch(
      /^pod default\/tmp terminated \(StartError\)\nfailed to create containerd task: .*exec: "curl": executable file not found in \$PATH\n$/,
    );
  });
});

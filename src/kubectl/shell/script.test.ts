import { describe, expect, it } from "vitest";
import { service, terminal, worldOf } from "../testing.ts";

const POD =
  "---\napiVersion: v1\nkind: Pod\nmetadata: {name: app}\nspec: {containers: [{name: app, image: busybox}]}\n";

describe("a script", () => {
  const world = worldOf(
    `${service("web", "{selector: {app: web}, clusterIP: 10.96.0.50, ports: [{port: 80}]}")}${POD}`,
  );
  const { run, out } = terminal(world);

  it.each([
    ["for i in 1 2 3; do echo n$i; done", "n1\nn2\nn3\n"],
    ["for i in $(seq 3); do echo -$i-; done | tail -1", "-3-\n"],
    ["for i in {1..3}; do echo $i; done | wc -l", "3\n"],
    ["for ((i=0; i<3; i++)); do echo $i; done", "0\n1\n2\n"],
    ["for a in x y; do for b in 1 2; do echo $a$b; done; done", "x1\nx2\ny1\ny2\n"],
    ["for i in 1 2 3\ndo\n  echo $i && break\ndone", "1\n"],
    ['A=1; B="$A 2"; echo $B \'$A\' "${A}"', "1 2 $A 1\n"],
    ["IP=$(kubectl get svc web -o jsonpath='{.spec.clusterIP}'); echo http://$IP:80/", "http://10.96.0.50:80/\n"],
    ["echo `echo a b`c", "a bc\n"],
    ["false; echo $?", "1\n"],
    ['X="a  b"; echo "$X"; echo $X', "a  b\na b\n"],
    ["echo ${NOPE:-there}", "there\n"],
    ["while false; do echo never; done; echo end", "end\n"],
    ["kubectl exec app -- sh -c 'echo $HOSTNAME ${WEB_SERVICE_HOST}:$WEB_SERVICE_PORT'", "app 10.96.0.50:80\n"],
    ["kubectl exec app -- sh -c 'for i in 1 2; do echo $i; done | sort -r'", "2\n1\n"],
    ["ssh worker-1 'for i in 1 2; do hostname; done'", "worker-1\nworker-1\n"],
    ["printf '%s-%s\\n' a b c d", "a-b\nc-d\n"],
  ])("%j", (line, stdout) => expect(out(line)).toBe(stdout));

  it.each([
    ["for i in 1 2; do echo $i", "sh: syntax error: unexpected end of file\n"],
    ["for i in 1 2; echo $i; done", 'sh: syntax error: unexpected "echo"\n'],
    ["echo $(echo a", "sh: syntax error: unterminated substitution\n"],
    ["while true; do done", 'sh: syntax error: unexpected "done"\n'],
  ])("%j is refused", (line, stderr) => expect(run(line)).toMatchObject({ stdout: "", stderr, code: 2 }));

  it("ends", () => {
    const { stdout, stderr } = run("while true; do echo x; sleep 1; done");
    expect(stdout).toBe("x\n".repeat(10));
    expect(stderr).toBe("(stopped after 10 rounds; for i in $(seq 100) makes more)\n");
    expect(run("for i in $(seq 9999); do echo $i; done | wc -l").stdout.trim()).toMatch(/^\d{3,4}$/);
    expect(run("X='$(echo $X)'; for i in 1; do echo $(echo $(echo $X)); done").code).toBe(0);
  });

  it("lets time pass", () => {
    const before = world.now;
    expect(run("timeout 5 sh -c 'while true; do echo x; sleep 1; done'")).toEqual({
      stdout: "x\n".repeat(5),
      stderr: "",
      code: 124,
    });
    expect(world.now - before).toBe(5_000_000);
    expect(run("time sleep 0.25").stderr).toBe("\nreal\t0m0.250s\nuser\t0m0.000s\nsys\t0m0.000s\n");
  });

  it("looks again with watch, a request each time", () => {
    const before = world.walks.length;
    const { stdout } = run("watch -n 2 kubectl exec app -- wget -qO- web");
    expect(world.walks.length - before).toBe(5);
    expect(stdout.match(/^Every 2\.0s: kubectl exec app -- wget -qO- web$/gm)).toHaveLength(5);
  });
});

import { describe, expect, test } from "vitest";
import { shellOf } from "./place.ts";

describe("lines that open a shell", () => {
  test.each<readonly [string, string, string, readonly string[]]>([
    [
      "kubectl exec -it web-x -- sh",
      "web-x # ",
      "kubectl exec -it web-x -- ",
      ["kubectl", "exec", "-it", "web-x", "--", "sh", "-c", "ls"],
    ],
    [
      "k exec -n shop -ti deploy/web -c app -- /bin/bash -l",
      "deploy/web # ",
      "k exec -n shop -ti deploy/web -c app -- ",
      "k exec -n shop -ti deploy/web -c app -- /bin/bash -c ls".split(" "),
    ],
    [
      "kubectl -n shop exec -i -t pod/curl -- sh",
      "curl # ",
      "kubectl -n shop exec -i -t pod/curl -- ",
      "kubectl -n shop exec -i -t pod/curl -- sh -c ls".split(" "),
    ],
    ["ssh worker-1", "root@worker-1 # ", "ssh worker-1 ", ["ssh", "worker-1", "ls"]],
    ["ssh root@worker-1", "root@worker-1 # ", "ssh root@worker-1 ", ["ssh", "root@worker-1", "ls"]],
    ["client internet", "root@internet # ", "client internet ", ["client", "internet", "ls"]],
  ])("%s", (line, prompt, prefix, words) => {
    const shell = shellOf(line);
    expect(shell).toMatchObject({ prompt, prefix });
    expect(shell?.words("ls")).toEqual(words);
    expect(shell?.probe.at(-1)).toBe("true");
  });
});

test.each([
  "kubectl exec web-x -- sh",
  "kubectl exec -it web-x -- sh -c env",
  "kubectl exec -it web-x -- curl -s web",
  "kubectl exec -it -- sh",
  "ssh worker-1 ip route",
  "ssh",
  "kubectl get pods",
  "kubectl exec -it 'web' -- sh",
])("%s opens none", (line) => expect(shellOf(line)).toBeNull());

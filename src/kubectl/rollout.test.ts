import { expect, test } from "vitest";
import { terminal, worldOf } from "./testing.ts";

const set = (kind: "DaemonSet" | "StatefulSet"): string => `apiVersion: apps/v1
kind: ${kind}
metadata: {name: app}
spec:
  ${kind === "StatefulSet" ? "replicas: 2\n  serviceName: app" : ""}
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec: {containers: [{name: app, image: "nginx:1.26", ports: [{containerPort: 80}]}]}
`;

test.each(["DaemonSet", "StatefulSet"] as const)("a %s goes back to a template it had", (kind) => {
  const name = `${kind.toLowerCase()}/app`;
  const { run } = terminal(worldOf(set(kind), 3), {});
  const out = (line: string): string => {
    const { stdout, stderr } = run(line);
    return stdout + stderr;
  };
  const image = (): string => out(`kubectl get ${name} -o jsonpath={.spec.template.spec.containers[0].image}`);
  const history = (): string => out(`kubectl rollout history ${name}`);
  const full = name.replace("/", ".apps/");
  expect(out(`kubectl rollout undo ${name}`)).toBe("error: no last revision to roll back to\n");
  out(`kubectl set image ${name} app=nginx:1.27`);
  out(`kubectl rollout status ${name}`);
  expect(history()).toBe(`${full} \nREVISION  CHANGE-CAUSE\n1         <none>\n2         <none>\n\n`);
  expect(out(`kubectl rollout history ${name} --revision=1`)).toMatch(
    new RegExp(`^${full} with revision #1\nPod Template:[\\s\\S]*nginx:1\\.26`),
  );
  expect(out(`kubectl rollout undo ${name} --to-revision=7`)).toBe(
    "error: unable to find specified revision 7 in history\n",
  );
  expect(out(`kubectl rollout undo ${name} --to-revision=2`)).toBe(
    `${full} skipped rollback (current template already matches revision 2)\n`,
  );
  expect(out(`kubectl rollout undo ${name}`)).toBe(`${full} rolled back\n`);
  expect(image()).toBe("nginx:1.26");
  // The old revision has become the newest.
  expect(history()).toBe(`${full} \nREVISION  CHANGE-CAUSE\n2         <none>\n3         <none>\n\n`);
  out(`kubectl rollout undo ${name}`);
  expect(image()).toBe("nginx:1.27");
});

import { expect, it } from "vitest";
import { service, terminal, worldOf } from "./testing.ts";

it("edits with sed as scripts do", () => {
  const { run, out } = terminal(worldOf(service("web")));
  const edit = (script: string): unknown => run(`KUBE_EDITOR="sed -i ${script}" kubectl edit svc web`);
  expect(edit("s/8080/9090/")).toEqual({ stdout: "service/web edited\n", stderr: "", code: 0 });
  expect(out("kubectl get svc web -o jsonpath='{.spec.ports[0].targetPort}'")).toBe("9090");
  expect(edit("s/nothing/else/")).toEqual({ stdout: "", stderr: "Edit cancelled, no changes made.\n", code: 0 });
  expect(edit("d")).toEqual({ stdout: "", stderr: "Edit cancelled, saved file was empty.\n", code: 0 });
});

it("opens a tab when there is no editor, with the text that kubectl would show", () => {
  const { run } = terminal(worldOf(service("web") + "---\n" + service("db")));
  const { tab, stderr, stdout } = run("kubectl edit svc/web");
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^\(there is no \$EDITOR here: .*kubectl replace -f service-web\.yaml\)\n$/);
  expect(tab?.text).toMatch(/^# Please edit the object below\. Lines beginning with a '#' will be ignored,\n/);
  expect(tab?.text).toContain("\n  name: web\n");
  // Saved later, it must not meet a conflict with what the controllers wrote meanwhile.
  expect(tab?.text).not.toContain("resourceVersion");
  expect(run("kubectl edit svc/web svc/db").tab).toMatchObject({
    name: "services.yaml",
    text: expect.stringContaining("\nkind: List\n") as string,
  });
});

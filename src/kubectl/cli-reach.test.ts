import { expect, test } from "vitest";
import { runCli } from "./cli.ts";

const TEXT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: nginx, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: bad, namespace: shop}
spec: {selector: {app: wob}, ports: [{port: 80}]}
`;
const expectation = (outcome: string): string =>
  `---\napiVersion: kubehop.dev/v1alpha1\nkind: Expectation\nmetadata: {name: web}\nspec: {from: node/worker-1, to: "service/shop/web:80", outcome: ${outcome}}\n`;
const FILES: Readonly<Record<string, string>> = {
  "shop.yaml": TEXT,
  "right.yaml": expectation("delivered"),
  "wrong.yaml": expectation("timeout"),
};
const run = (...argv: readonly string[]): ReturnType<typeof runCli> => runCli(argv, (path) => FILES[path] ?? null);

test("check: a line each, and 1 when one fails", () => {
  expect(run("check", "shop.yaml", "right.yaml")).toEqual({
    code: 0,
    stderr: "",
    stdout: "passed  right.yaml:5: web: node/worker-1 to service/shop/web:80: delivered\n1 passed, 0 failed\n",
  });
  expect(run("check", "shop.yaml", "wrong.yaml")).toEqual({
    code: 1,
    stderr: "",
    stdout:
      "failed  wrong.yaml:5: web: node/worker-1 to service/shop/web:80: expected timeout\n        got delivered: nothing was found\n0 passed, 1 failed\n",
  });
  expect(JSON.parse(run("check", "shop.yaml", "wrong.yaml", "--json").stdout)).toMatchObject({ passed: 0, failed: 1 });
  expect(run("check", "shop.yaml")).toMatchObject({
    code: 0,
    stderr: "warning: there is no Expectation in the text\n",
  });
});

test("matrix: a grid of at most 100 columns, and why something does not arrive", () => {
  const { stdout, code } = run("matrix", "shop.yaml");
  expect(code).toBe(0);
  expect(Math.max(...stdout.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(100);
  expect(stdout).toMatch(/^shop\/web:80 +t\/o( +ok)+$/m);
  expect(stdout).toMatch(/^ {2}shop\/bad:80 from B, C, .*: refused: SVC-SELECTOR-NO-MATCH$/m);
});

test("why without a request: the whole cluster", () => {
  const found = JSON.parse(run("why", "shop.yaml", "--json").stdout) as {
    readonly outcome: string;
    readonly findings: readonly object[];
  };
  expect(found.outcome).toBe("refused");
  expect(found.findings[0]).toMatchObject({
    id: "SVC-SELECTOR-NO-MATCH",
    severity: "error",
    request: { to: "service/shop/bad:80" },
  });
  expect(run("why", "shop.yaml").stdout).toMatch(
    /^\d+ requests followed: 1 error\.\n\nerror {2}SVC-SELECTOR-NO-MATCH {2}pod\//,
  );
  expect(run("why", "shop.yaml", "--from", "node/worker-1")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("--from and --to are needed") as string,
  });
});

test("race: what is said wrong is refused", () => {
  expect(run("race", "shop.yaml").stderr).toMatch(/^one of --rollout, --drain and --scale is needed/);
  expect(run("race", "shop.yaml", "--rollout", "web").stderr).toBe(
    '--rollout must be deploy/NAMESPACE/NAME, not "web"\n',
  );
  expect(run("race", "shop.yaml", "--scale", "deploy/shop/web=x").code).toBe(1);
  expect(run("race", "shop.yaml", "--drain", "nowhere")).toEqual({
    code: 1,
    stdout: "",
    stderr: 'There is no node "nowhere".\n',
  });
  const { stdout, code } = run("race", "shop.yaml", "--scale", "deploy/shop/web=1", "--seeds", "1", "--rate", "2");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^SETTING +LOST +SHARE +SEEDS\nas it is +\d+ of 40 /m);
});

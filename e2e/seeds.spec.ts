import { expect, test, type App } from "./app.ts";

/** The Services of the three lifecycles, as tutorials print them: nothing but the Service. */
const service = (name: string, type: string, nodePort = ""): string => `apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
${type}  selector:
    app: my-app
  ports:
    - protocol: TCP
      port: 80
      targetPort: 8080
${nodePort}`;

interface Lifecycle {
  readonly title: string;
  readonly yaml: string;
  readonly from: string;
  readonly to: string;
  /** Where the rule that refuses stands. */
  readonly rule: RegExp;
}

const LIFECYCLES: readonly Lifecycle[] = [
  {
    title: "a ClusterIP Service",
    yaml: service("my-service", ""),
    from: "node/worker-1",
    to: "service/default/my-service:80",
    rule: /-A KUBE-SERVICES -d 10\.\S+ .*"default\/my-service has no endpoints".* -j REJECT/,
  },
  {
    title: "a NodePort Service on port 30000",
    yaml: service("my-nodeport-service", "  type: NodePort\n", "      nodePort: 30000\n"),
    from: "client/internet",
    to: "node/worker-2:30000",
    rule: /-A KUBE-EXTERNAL-SERVICES .*"default\/my-nodeport-service has no endpoints".*--dport 30000 -j REJECT/,
  },
  {
    title: "a LoadBalancer Service",
    yaml: service("my-loadbalancer-service", "  type: LoadBalancer\n"),
    from: "client/internet",
    to: "lb/default/my-loadbalancer-service:80",
    rule: /-A KUBE-EXTERNAL-SERVICES .*"default\/my-loadbalancer-service has no endpoints".* -j REJECT/,
  },
];

/** The rejecting hop of the walk on show: its matched rule. */
async function refused(app: App, rule: RegExp): Promise<void> {
  await expect(app.inspector.getByText("refused", { exact: true }).first()).toBeVisible();
  await expect(app.inspector.getByText(/connection refused/i).first()).toBeVisible();
  await app.panel("Trace table");
  await app.dock
    .getByRole("row", { name: /REJECT/ })
    .getByRole("button")
    .click();
  await expect(app.hop.getByRole("paragraph").filter({ hasText: rule })).toBeVisible();
}

for (const { title, yaml, from, to, rule } of LIFECYCLES) {
  test(`I paste ${title} without pods and am refused by a rule; one press adds pods and the same request arrives`, async ({
    app,
  }) => {
    await app.open();
    await app.running();
    await app.paste(yaml);
    await expect(app.verdict).toHaveText(/^1 object admitted, revision \d+$/);
    await expect(app.pods).toHaveCount(0);

    await app.send(from, to);
    await refused(app, rule);

    await app.editorPane.getByRole("button", { name: "Add a Deployment that matches" }).click();
    await expect(app.verdict).toHaveText(/^2 objects admitted, revision \d+$/);
    await expect(app.map.getByRole("button", { name: /^Pod default\/my-.*, ready/ })).not.toHaveCount(0);
    await expect(app.editorPane.getByRole("button", { name: "Add a Deployment that matches" })).toBeHidden();

    // The form still holds the same request.
    await app.page.getByRole("form", { name: "Send a request" }).getByRole("button", { name: "Send" }).click();
    await expect(app.inspector.getByText("delivered", { exact: true }).first()).toBeVisible();
    await expect(app.ladder.getByRole("button", { name: /^Hop \d+ of \d+: pod my-/ })).toBeVisible();
  });
}

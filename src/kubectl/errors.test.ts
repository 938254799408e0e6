/** What kubectl says and does when something is wrong: nothing may change then. */
import { describe, expect, it } from "vitest";
import { deployment, service, terminal, worldOf } from "./testing.ts";

const FILES = {
  "svc.yaml": service("web"),
  "new.yaml": service("fresh"),
  "kind.yaml": "apiVersion: v1\nkind: Servce\nmetadata: {name: x}\n",
  "field.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {portss: [{port: 80}]}\n",
  "type.yaml": 'apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {ports: [{port: "80"}]}\n',
  "broken.yaml": "apiVersion: v1\nkind: Service\nmetadata:\n  name: x\n bad: [\n",
  "invalid.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {ports: [{port: 80}, {port: 81}]}\n",
  "other.yaml": service("x").replace("{name: x}", "{name: x, namespace: a}"),
  "nowhere.yaml": service("x").replace("{name: x}", "{name: x, namespace: demo}"),
};

const TABLE: readonly (readonly [line: string, stderr: string | RegExp])[] = [
  ["kubectl get svc nope", 'Error from server (NotFound): services "nope" not found'],
  ["kubectl get deploy nope", 'Error from server (NotFound): deployments.apps "nope" not found'],
  ["kubectl get ing nope", 'Error from server (NotFound): ingresses.networking.k8s.io "nope" not found'],
  ["kubectl get servces", `error: the server doesn't have a resource type "servces"`],
  ["kubectl get", /^You must specify the type of resource to get\./],
  ["kubectl get svc web -A", "error: a resource cannot be retrieved by name across all namespaces"],
  ["kubectl get svc web -l app=web", "error: name cannot be provided when a selector is specified"],
  ["kubectl get svc pod/x", /^error: there is no need to specify a resource type as a separate argument/],
  [
    "kubectl get svc -o frob",
    /^error: unable to match a printer suitable for the output format "frob", allowed formats are: /,
  ],
  ["kubectl get svc -o jsonpath={.items[*}", "error: error parsing jsonpath {.items[*}, unterminated array"],
  ["kubectl get svc -l 'a in (b'", /^error: unable to parse requirement: /],
  [
    "kubectl get pods --field-selector spec.foo=x",
    /^Error from server \(BadRequest\): Unable to find "\/v1, Resource=pods" .*field label not supported: spec\.foo$/m,
  ],
  ["kubectl delete svc nope", 'Error from server (NotFound): services "nope" not found'],
  ["kubectl delete svc", "error: resource(s) were provided, but no name was specified"],
  ["kubectl delete", /^error: You must provide one or more resources by argument or filename\./],
  [
    "kubectl delete -f new.yaml",
    'Error from server (NotFound): error when deleting "new.yaml": services "fresh" not found',
  ],
  [
    "kubectl delete ns default",
    'Error from server (Forbidden): namespaces "default" is forbidden: this namespace may not be deleted',
  ],
  [
    "kubectl create -f svc.yaml",
    'Error from server (AlreadyExists): error when creating "svc.yaml": services "web" already exists',
  ],
  ["kubectl create ns default", 'Error from server (AlreadyExists): namespaces "default" already exists'],
  ["kubectl apply -f x.yaml", 'error: the path "x.yaml" does not exist'],
  ["kubectl apply", "error: must specify one of -f and -k"],
  [
    "kubectl apply -f kind.yaml",
    'error: resource mapping not found for name: "x" namespace: "" from "kind.yaml": no matches for kind "Servce" in version "v1"\nensure CRDs are installed first',
  ],
  [
    "kubectl apply -f field.yaml",
    'Error from server (BadRequest): error when creating "field.yaml": Service in version "v1" cannot be handled as a Service: strict decoding error: unknown field "spec.portss"',
  ],
  [
    "kubectl create -f type.yaml",
    'Error from server (BadRequest): error when creating "type.yaml": Service in version "v1" cannot be handled as a Service: json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32',
  ],
  [
    "kubectl apply -f broken.yaml",
    /^error: error parsing broken\.yaml: error converting YAML to JSON: yaml: line \d+: /,
  ],
  [
    "kubectl apply -f invalid.yaml",
    'The Service "x" is invalid: \n* spec.ports[0].name: Required value\n* spec.ports[1].name: Required value',
  ],
  [
    "kubectl apply -n b -f other.yaml",
    `error: the namespace from the provided object "a" does not match the namespace "b". You must pass '--namespace=a' to perform this operation.`,
  ],
  [
    "kubectl create -f nowhere.yaml",
    'Error from server (NotFound): error when creating "nowhere.yaml": namespaces "demo" not found',
  ],
  [
    "kubectl replace -f new.yaml",
    'Error from server (NotFound): error when replacing "new.yaml": services "fresh" not found',
  ],
  [
    "kubectl scale deploy/web",
    "error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0",
  ],
  [
    "kubectl scale svc/web --replicas=2",
    "Error from server (NotFound): the server could not find the requested resource",
  ],
  ["kubectl scale deploy/web --replicas=2 --current-replicas=5", "error: Expected replicas to be 5, was 2"],
  ["kubectl label svc web app=x", "error: 'app' already has a value (web), and --overwrite is false"],
  ["kubectl label svc web", "error: at least one label update is required"],
  [
    'kubectl patch svc web -p \'{"spec":{"clusterIP":"1.2.3.4"}}\'',
    /^The Service "web" is invalid: spec\.clusterIPs\[0\]: Invalid value: \["1\.2\.3\.4"\]: may not change once set$/m,
  ],
  ["kubectl patch svc web", "error: must specify --patch or --patch-file containing the contents of the patch"],
  ["kubectl expose deploy bare", /^error: couldn't find port via --port flag or introspection\n/],
  ["kubectl expose node worker-1", "error: cannot expose a Node"],
  ["kubectl create service nodeport x", "error: at least one tcp port specifier must be provided"],
  ["kubectl create deployment x", 'error: required flag(s) "image" not set'],
  ["kubectl set image deploy/web nope=nginx", 'error: unable to find container named "nope"'],
  ["kubectl rollout undo deploy/web", 'error: no rollout history found for deployment "web"'],
  ["kubectl rollout undo deploy/web --to-revision=7", "error: unable to find specified revision 7 in history"],
  ["kubectl rollout resume deploy/web", 'error: deployments.apps "web" is not paused'],
  ["kubectl rollout history deploy/web --revision=9", "error: unable to find the specified revision"],
  ["kubectl cordon nope", 'Error from server (NotFound): nodes "nope" not found'],
  ["kubectl taint nodes worker-1 a=b:Never", "error: invalid taint effect: Never, unsupported taint effect"],
  ["kubectl taint nodes worker-1 a-", 'error: taint "a" not found'],
  [
    "kubectl wait deploy/web --for=condition=Nope --timeout=1s",
    "error: timed out waiting for the condition on deployments.apps/web",
  ],
  ["kubectl exec nope -- env", 'Error from server (NotFound): pods "nope" not found'],
  ["kubectl exec nope env", /^error: exec \[POD\] \[COMMAND\] is not supported anymore\./],
  ["kubectl explain svc.spec.foo", 'error: field "foo" does not exist'],
  ["kubectl delete svc web --dry-run", /^error: --dry-run was specified without a value\./],
  ["kubectl frob", 'error: unknown command "frob" for "kubectl"'],
  [
    "kubectl create foo bar",
    `Error: must specify one of -f and -k\n\nerror: unknown command "foo bar"\nSee 'kubectl create -h' for help and examples`,
  ],
  ["kubectl diff -f svc.yaml", "error: kubectl diff is not supported here: use kubectl apply --dry-run=server"],
  ["kubectl top pods --containers", "error: kubectl top is not supported here: no resource use is simulated"],
  ["kubectl port-forward svc/web 8080:80", /^error: kubectl port-forward is not supported here: .+/],
  ["kubectl proxy --port=8001", /^error: kubectl proxy is not supported here: .+/],
  ["kubectl auth reconcile", /^error: kubectl auth reconcile is not supported here: .+/],
  ["kubectl patch svc web -p '{x: [1'", /^error: unable to parse "\{x: \[1": yaml: line 1: did not find expected .+/],
  ["kubectl edit svc nope", 'Error from server (NotFound): services "nope" not found'],
  ["KUBE_EDITOR=vi kubectl edit svc web", 'error: unable to launch the editor "vi": only sed -i can be run here'],
  [
    'KUBE_EDITOR="sed -i s/TCP/FOO/" kubectl edit svc web',
    /^error: services "web" is invalid\nA copy of your changes has been stored to "\/tmp\/kubectl-edit-\d+\.yaml"\nerror: Edit cancelled, no valid changes were saved\.$/m,
  ],
  ["kubectl get svc | sed", /^Usage: sed /],
  ["kubectl get svc | sed s/a", "sed: -e expression #1: unterminated `s' command"],
  ["kubectl get svc | awk '/(/ {print}'", "awk: cmd. line:1: fatal: invalid regexp: /(/"],
  ["kubectl apply -f -", /^error: -f - reads a pipe and there is none: /],
  ["true | kubectl apply -f -", "error: no objects passed to apply"],
  ["frob", "frob: command not found"],
  ["kubectl get svc > out.txt", "sh: redirection to files is not supported here"],
  ["kubectl get 'svc", "sh: syntax error: unterminated quoted string"],
  ["cat nope.txt", "cat: nope.txt: No such file or directory"],
  ["ssh nope iptables-save", /^ssh: Could not resolve hostname nope: Name or service not known/],
];

describe("errors", () => {
  const world = worldOf(
    [
      service("web", "{selector: {app: web}, ports: [{port: 80}]}").replace(
        "{name: web}",
        "{name: web, labels: {app: web}}",
      ),
      deployment("web", 2),
      deployment("bare", 1).replace(", ports: [{containerPort: 80}]", ""),
    ].join("---\n"),
  );
  const { run } = terminal(world, FILES);

  it.each(TABLE)("%s", (line, stderr) => {
    const revision = world.objects.revision;
    const output = run(line);
    expect(output.code).not.toBe(0);
    expect(output.stdout).toBe("");
    const complete =
      typeof stderr === "string" ? `${stderr}\n` : (stderr.exec(output.stderr)?.[0] ?? `a match of ${stderr.source}`);
    expect(output.stderr).toContain(complete);
    expect(typeof stderr === "string" ? output.stderr : complete).toBe(complete);
    expect(world.objects.revision).toBe(revision);
  });
});

it("does the rest of a file when one object of it is refused", () => {
  const { run } = terminal(worldOf(), { "both.yaml": `${FILES["invalid.yaml"]}---\n${service("good")}` });
  const { stdout, stderr, code } = run("kubectl apply -f both.yaml");
  expect(stdout).toBe("service/good created\n");
  expect(stderr).toContain('The Service "x" is invalid');
  expect(code).toBe(1);
});

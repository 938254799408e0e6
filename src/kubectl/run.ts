/** `kubectl run NAME --image=...`. Source: kubectl/pkg/cmd/run. */
import { must } from "../base/assert.ts";
import { kindNamed } from "../model/kinds.ts";
import type { KubeObject } from "../model/meta/types.ts";
import { isOn } from "./args.ts";
import { type Call, namespaceOf } from "./call.ts";
import { parseLabels } from "./create/parse.ts";
import { overridden } from "./expose.ts";
import { failure, type Output } from "./output.ts";
import { perform, type Planned } from "./write.ts";

const RESTART: ReadonlySet<string> = new Set(["Always", "OnFailure", "Never"]);

export function kubectlRun(call: Call): Output {
  const { args } = call;
  const { flags } = args;
  const [name, ...behind] = args.words;
  if (name === undefined) {
    return failure("error: NAME is required for run\nSee 'kubectl run -h' for help and examples");
  }
  const image = flags["--image"];
  if (image === undefined || image === "") return failure('error: required flag(s) "image" not set');
  const restart = flags["--restart"] ?? "Always";
  if (!RESTART.has(restart)) return failure(`error: invalid restart policy: ${restart}`);
  if (isOn(args, "--stdin") || isOn(args, "--tty") || isOn(args, "--rm") || isOn(args, "--attach")) {
    return failure(
      "error: attaching to a pod is not supported here: run it without -i, -t and --rm, then use kubectl exec",
    );
  }
  const parsed = parseLabels(flags["--labels"] ?? `run=${name}`);
  if (!parsed.ok) return failure(parsed.error);
  const labels = parsed.value;
  const env: object[] = [];
  for (const pair of args.all("--env")) {
    const equals = pair.indexOf("=");
    if (equals <= 0) return failure(`error: invalid env: ${pair}`);
    env.push({ name: pair.slice(0, equals), value: pair.slice(equals + 1) });
  }
  const annotations = parseLabels(args.all("--annotations").join(","));
  if (!annotations.ok) return failure(annotations.error);
  const port = flags["--port"] === undefined ? null : Number(flags["--port"]);
  if (port !== null && !Number.isInteger(port))
    return failure(`error: strconv.Atoi: parsing "${flags["--port"]}": invalid syntax`);
  if (isOn(args, "--expose") && port === null) return failure("error: --port must be set when exposing a service");
  const rest = [...behind, ...(args.rest ?? [])];
  const namespace = namespaceOf(call);
  const pod = overridden(
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        ...(Object.keys(annotations.value).length > 0 && { annotations: annotations.value }),
        labels,
        name,
        namespace,
      },
      spec: {
        containers: [
          {
            ...(rest.length > 0 && { [isOn(args, "--command") ? "command" : "args"]: rest }),
            ...(env.length > 0 && { env }),
            image,
            ...(flags["--image-pull-policy"] !== undefined && { imagePullPolicy: flags["--image-pull-policy"] }),
            name,
            ...(port !== null && { ports: [{ containerPort: port }] }),
            resources: {},
          },
        ],
        dnsPolicy: "ClusterFirst",
        restartPolicy: restart,
      },
      status: {},
    } as KubeObject,
    flags["--overrides"],
  );
  if (!pod.ok) return failure(pod.error);
  const planned: Planned[] = [];
  if (isOn(args, "--expose")) {
    const service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace },
      spec: { ports: [{ port, protocol: "TCP", targetPort: port }], selector: labels },
      status: { loadBalancer: {} },
    } as unknown as KubeObject;
    planned.push({
      info: must(kindNamed("Service"), "Service"),
      write: { verb: "create", object: service },
      done: "created",
    });
  }
  planned.push({ info: must(kindNamed("Pod"), "Pod"), write: { verb: "create", object: pod.value }, done: "created" });
  return perform(call, planned);
}

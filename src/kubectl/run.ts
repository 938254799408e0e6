/** `kubectl run NAME --image=...`, with -i also what the command prints. Source: kubectl/pkg/cmd/run. */
import { MINUTE } from "../base/time.ts";
import { must } from "../base/assert.ts";
import { kindNamed } from "../model/kinds.ts";
import type { KubeObject } from "../model/meta/types.ts";
import { objectKey } from "../model/meta/types.ts";
import type { Pod } from "../model/pod/types.ts";
import { isOn } from "./args.ts";
import { type Call, namespaceOf } from "./call.ts";
import { parseLabels } from "./create/parse.ts";
import { overridden } from "./expose.ts";
import { ranIn } from "./exec.ts";
import { failure, type Output } from "./output.ts";
import { parseDuration, waitUntil } from "./patience.ts";
import { hasProgram } from "./shell/tools/images.ts";
import { podSeat } from "./shell/tools/seat.ts";
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
  const attached = isOn(args, "--stdin") || isOn(args, "--tty") || isOn(args, "--attach");
  if (isOn(args, "--rm") && !attached) return failure("error: --rm should only be used for attached containers");
  const command = [...behind, ...(args.rest ?? [])];
  if (attached && command.length === 0) {
    return failure(
      "error: an interactive session is not supported here: give the command to run, as in -- wget -qO- http://web",
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
            ...(command.length > 0 && { [isOn(args, "--command") ? "command" : "args"]: command }),
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
  const created = perform(call, planned);
  return attached && created.code === 0 && flags["--dry-run"] === undefined
    ? attach(call, name, image, command, created)
    : created;
}

/** Waits for the pod, runs its command and shows what that prints; `--rm` deletes the pod at the end. */
function attach(call: Call, name: string, image: string, command: readonly string[], created: Output): Output {
  const { world, args } = call;
  const namespace = namespaceOf(call);
  const key = objectKey("Pod", namespace, name);
  const running = (): boolean => {
    const status = world.objects.get<Pod>(key)?.status;
    return (
      status?.phase === "Running" && (status.containerStatuses ?? []).some(({ state }) => state?.running !== undefined)
    );
  };
  const limit = parseDuration(args.flags["--pod-running-timeout"] ?? "") ?? MINUTE;
  const isUp = waitUntil(call, limit, running);
  const pod = world.objects.get<Pod>(key);
  const container = pod?.spec.containers[0];
  let output: Output = { stdout: "", stderr: "error: timed out waiting for the condition\n", code: 1 };
  if (isUp && pod !== undefined && container !== undefined) {
    const deadline = call.patience === null ? null : world.now + call.patience;
    output = ended(ranIn({ ...podSeat(world, pod, container), deadline }, pod, container, entered(image, command)), {
      namespace,
      name,
      program: hasProgram(podSeat(world, pod, container).kit, command[0] ?? "") ? null : (command[0] ?? ""),
    });
  }
  let removed = "";
  if (isOn(args, "--rm")) {
    world.dispatch({ type: "delete", key, force: false });
    waitUntil(call, MINUTE, () => world.objects.get(key) === undefined);
    removed = `pod "${name}" deleted from ${namespace} namespace\n`;
  }
  return { stdout: output.stdout + removed, stderr: created.stderr + output.stderr, code: output.code };
}

/** curlimages/curl starts curl itself when its first argument is no program. */
function entered(image: string, command: readonly string[]): readonly string[] {
  const isCurl = /(^|\/)curl(:|@|$)/.test(image);
  return isCurl && /^(-|https?:\/\/)/.test(command[0] ?? "") ? ["curl", ...command] : command;
}

/** The end of an attached container as kubectl words it; exec's own line is not said here. */
function ended(
  output: Output,
  { namespace, name, program }: { readonly namespace: string; readonly name: string; readonly program: string | null },
): Output {
  if (program !== null && output.stderr.includes("OCI runtime exec failed")) {
    const why = `exec: "${program}": executable file not found in $PATH`;
    return {
      stdout: "",
      stderr: `pod ${namespace}/${name} terminated (StartError)\nfailed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: ${why}\n`,
      code: 128,
    };
  }
  const stderr = output.stderr.replace(/command terminated with exit code \d+\n$/, "");
  return output.code === 0 ? output : { ...output, stderr: `${stderr}pod ${namespace}/${name} terminated (Error)\n` };
}

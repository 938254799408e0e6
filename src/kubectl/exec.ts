/** `kubectl exec`: what is known of a container without running anything in it. */
import { own } from "./own.ts";
import { must } from "../base/assert.ts";
import { sha256Hex } from "../base/hash.ts";
import { kindNamed, type KindInfo } from "../model/kinds.ts";
import { timestamp } from "../base/time.ts";
import { keyOf, objectKey } from "../model/meta/types.ts";
import type { Container, Pod } from "../model/pod/types.ts";
import { kubectlText, notFound } from "../model/status.ts";
import { podResolvConf, resolvConfText } from "../dns/resolv-conf.ts";
import { podHosts } from "../world/names.ts";
import type { World } from "../world/types.ts";
import { type Call, namespaceOf, noteRequest } from "./call.ts";
import { rfc1123 } from "./describe/lines.ts";
import { failure, NOTHING, type Output, success } from "./output.ts";
import { FILTERS } from "./shell/filters.ts";
import { at } from "./read.ts";
import { parseDuration } from "./patience.ts";
import { LATER } from "./shell/later.ts";
import type { Pipeline } from "./shell/lex.ts";
import { printed } from "./shell/printf.ts";
import { runScript } from "./shell/script.ts";
import { hasProgram } from "./shell/tools/images.ts";
import { KILLED, podSeat, type Seat } from "./shell/tools/seat.ts";
import { realTime, seq, slept } from "./shell/tools/sleep.ts";
import { TOOLS } from "./shell/tools/table.ts";
import { asksOf } from "./select.ts";

export const podKind = (): KindInfo => must(kindNamed("Pod"), "Pod");

/** The pod that `POD`, `pod/POD` or `deploy/NAME` means; else the whole complaint. */
export function podOf(call: Call, word: string): Pod | string {
  const { world } = call;
  const namespace = namespaceOf(call);
  if (!word.includes("/")) {
    const pod = world.objects.get<Pod>(objectKey("Pod", namespace, word));
    noteRequest(call, "GET", podKind(), { namespace, name: word }, pod === undefined ? 404 : 200);
    return pod ?? kubectlText(notFound("Pod", word));
  }
  const asked = asksOf([word]);
  if (!asked.ok) return asked.error;
  const [ask] = asked.value;
  const name = ask?.names?.[0] ?? "";
  const kind = ask?.info.kind ?? "";
  const object = world.objects.get(objectKey(kind, ask?.info.namespaced === true ? namespace : undefined, name));
  if (ask !== undefined) noteRequest(call, "GET", ask.info, { namespace, name }, object === undefined ? 404 : 200);
  if (object === undefined) return kubectlText(notFound(kind, name));
  if (kind === "Pod") return object as Pod;
  const selector = kind === "Service" ? at(object, "spec", "selector") : at(object, "spec", "selector", "matchLabels");
  if (typeof selector !== "object" || selector === null) {
    return `error: cannot attach to *v1.${kind}: selector for ${kind} not implemented`;
  }
  const labelSelector = Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  noteRequest(call, "GET", podKind(), { namespace, query: { labelSelector } });
  const pods = world.objects.podsMatching(namespace, selector as Readonly<Record<string, string>>);
  const [first] = [...pods].sort((a, b) => Number(b.status.phase === "Running") - Number(a.status.phase === "Running"));
  return first ?? `error: timed out waiting for the condition`;
}

/** The container that is meant, and the line that says which was taken. */
export function containerOf(
  pod: Pod,
  wanted: string | undefined,
): { readonly container: Container; readonly note: string } | null {
  const { containers } = pod.spec;
  const preferred = wanted ?? pod.metadata.annotations?.["kubectl.kubernetes.io/default-container"];
  const container = preferred === undefined ? containers[0] : containers.find(({ name }) => name === preferred);
  if (container === undefined) return null;
  const note =
    preferred === undefined && containers.length > 1
      ? `Defaulted container "${container.name}" out of: ${containers.map(({ name }) => name).join(", ")}\n`
      : "";
  return { container, note };
}

export function kubectlExec(call: Call): Output {
  const { args } = call;
  const [word, ...old] = args.words;
  if (word === undefined) return failure("error: pod, type/name or --filename must be specified");
  const command = args.rest ?? [];
  if (command.length === 0) {
    return failure(
      old.length > 0
        ? "error: exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\nSee 'kubectl exec -h' for help and examples"
        : "error: you must specify at least one command for the container",
    );
  }
  const pod = podOf(call, word);
  if (typeof pod === "string") return failure(pod);
  const { phase } = pod.status;
  if (phase === "Succeeded" || phase === "Failed") {
    return failure(`error: cannot exec into a container in a completed pod; current phase is ${phase}`);
  }
  if (!pod.spec.nodeName) {
    return failure(`Error from server (BadRequest): pod ${pod.metadata.name} does not have a host assigned`);
  }
  const found = containerOf(pod, args.flags["--container"]);
  if (found === null) {
    return failure(
      `Error from server (BadRequest): container ${args.flags["--container"]} is not valid for pod ${pod.metadata.name}`,
    );
  }
  const { container, note } = found;
  const status = pod.status.containerStatuses?.find(({ name }) => name === container.name);
  if (status?.state?.running === undefined) {
    return failure(
      `error: Internal error occurred: unable to upgrade connection: container not found ("${container.name}")`,
    );
  }
  noteRequest(
    call,
    "GET",
    podKind(),
    {
      namespace: namespaceOf(call),
      name: pod.metadata.name,
      subresource: "exec",
      query: { command: command[0], container: container.name, stderr: "true", stdout: "true" },
    },
    101,
  );
  const output = ranIn({ ...podSeat(call.world, pod, container), deadline: deadlineOf(call) }, pod, container, command);
  return { ...output, stderr: note + output.stderr };
}

/** When `timeout` in front of the line ends it. */
const deadlineOf = ({ world, patience }: Call): number | null => (patience === null ? null : world.now + patience);

/** Runs a command in a container, with what kubectl says when it ends badly. */
export function ranIn(seat: Seat, pod: Pod, container: Container, command: readonly string[]): Output {
  const { isRefused, ...output } = inContainer(seat, pod, container, command);
  if (isRefused === true || output.code === 0) return output;
  return { ...output, stderr: output.stderr + ended(output.code) };
}

/** `isRefused`: it has not run at all. */
type Inner = Output & { readonly isRefused?: true };

const refused = (message: string): Inner => ({ ...failure(message), isRefused: true });

const upperHost = (pod: Pod): string =>
  pod.spec.hostNetwork === true ? (pod.spec.nodeName ?? "") : (pod.spec.hostname ?? pod.metadata.name);

/** What runc says of a program that is not in the image. */
function notInImage(program: string, seat: Seat): Inner {
  const id = sha256Hex(`${seat.from} ${program} ${seat.world.now}`);
  const why = program.startsWith("/")
    ? `stat ${program}: no such file or directory`
    : "executable file not found in $PATH";
  return refused(
    `error: Internal error occurred: Internal error occurred: error executing command in container: failed to exec in container: failed to start exec "${id}": OCI runtime exec failed: exec failed: unable to start container process: exec: "${program}": ${why}`,
  );
}

const base = (program: string): string => program.replace(/^\/(?:usr\/)?(?:local\/)?s?bin\//, "");

/** Programs of which it is known in which images they are. */
const isKnown = (program: string): boolean =>
  own(TOOLS, program) !== undefined || own(FILTERS, program) !== undefined || COMMON.has(program);
const COMMON: ReadonlySet<string> = new Set(
  "env printenv cat hostname whoami id pwd echo date true false sh bash ash sleep seq printf watch ps which test dig nslookup host".split(
    " ",
  ),
);

/** The program itself, from where there is one. */
function inContainer(seat: Seat, pod: Pod, container: Container, command: readonly string[]): Inner {
  const [given = "", ...words] = command;
  const program = base(given);
  const { kit } = seat;
  if ((kit.shell === null || isKnown(program)) && !hasProgram(kit, program)) return notInImage(given, seat);
  return running(seat, pod, container, program, words);
}

/** A program that is there. */
function running(seat: Seat, pod: Pod, container: Container, program: string, words: readonly string[]): Inner {
  const { world } = seat;
  switch (program) {
    case "env":
    case "printenv": {
      const variables = world.env(keyOf(pod), container.name);
      if (program === "printenv" && words.length > 0) {
        const values = words.flatMap((name) => variables.filter((v) => v.name === name).map((v) => `${v.value}\n`));
        return { stdout: values.join(""), stderr: "", code: values.length === 0 ? 1 : 0 };
      }
      return success(variables.map(({ name, value }) => `${name}=${value}\n`).join(""));
    }
    case "cat": {
      const files = words
        .filter((word) => !word.startsWith("-"))
        .map((name) => [name, fileIn(world, pod, name)] as const);
      const missing = files
        .filter(([, text]) => text === null)
        .map(([name]) => `cat: ${name}: No such file or directory\n`);
      return {
        stdout: files.map(([, text]) => text ?? "").join(""),
        stderr: missing.join(""),
        code: missing.length === 0 ? 0 : 1,
      };
    }
    case "hostname":
      return success(
        words.some((word) => word === "-i" || word === "-I" || word === "--ip-address")
          ? `${(pod.status.podIPs ?? []).map(({ ip }) => ip).join(" ") || (pod.status.podIP ?? "")}\n`
          : `${upperHost(pod)}\n`,
      );
    case "whoami":
      return success("root\n");
    case "id":
      return success("uid=0(root) gid=0(root) groups=0(root)\n");
    case "pwd":
      return success("/\n");
    case "echo":
      return success(`${words.join(" ")}\n`);
    case "printf":
      return success(printed(words));
    case "seq":
      return seq(words);
    case "sleep":
      return slept(words, seat);
    case "time": {
      const startedAt = world.now;
      const output = inContainer(seat, pod, container, words);
      return { ...output, stderr: `${output.stderr}${realTime(world.now - startedAt)}` };
    }
    case "timeout": {
      const [limit = "", ...rest] = words.filter((word, i) => !(word === "-t" && i === 0));
      const patience = parseDuration(limit);
      if (patience === null) return { stdout: "", stderr: `timeout: invalid time interval '${limit}'\n`, code: 125 };
      const deadline = Math.min(world.now + patience, seat.deadline ?? Infinity);
      const output = inContainer({ ...seat, deadline }, pod, container, rest);
      // busybox's ends it with SIGTERM and passes that on.
      return output.code === KILLED.code && seat.kit.flavor === "busybox" ? { ...output, code: 143 } : output;
    }
    case "date": {
      const [weekday = "", day = "", month = "", year = "", clock = ""] = rfc1123(timestamp(world.now))
        .replace(",", "")
        .split(" ");
      return success(`${weekday} ${month} ${day.replace(/^0/, " ")} ${clock} UTC ${year}\n`);
    }
    case "true":
      return success("");
    case "false":
      return { stdout: "", stderr: "", code: 1 };
    case "kill": {
      if (!words.includes("1")) return { ...failure("kill: only process 1 is known here") };
      // Like its container, the command that killed it ends with SIGKILL.
      const { refusal } = world.dispatch({ type: "kill", pod: keyOf(pod) });
      return refusal === null ? { stdout: "", stderr: "", code: 137 } : refused(refusal.message);
    }
    case "sh":
    case "bash":
    case "ash":
      return inShell(seat, pod, container, program, words);
    default: {
      const tool = own(TOOLS, program);
      if (tool !== undefined) return tool(words, seat);
      const later = own(LATER, program);
      return refused(
        later === undefined
          ? `${program}: not supported here: containers answer the tools of the network (curl, wget, nc, ping, ...), env, hostname, echo, and cat of /etc/resolv.conf, /etc/hosts and /etc/hostname`
          : `${program}: not supported here: ${later}`,
      );
    }
  }
}

const ended = (code: number): string => `command terminated with exit code ${code}\n`;

/** What a shell says of a program that is not there. */
function notFoundIn(shell: string, program: string, { kit }: Seat): string {
  if (shell === "bash") return `bash: line 1: ${program}: command not found\n`;
  return kit.shell === "ash" ? `sh: ${program}: not found\n` : `sh: 1: ${program}: not found\n`;
}

/** What every container has, whatever the kubelet adds. */
const DEFAULT_ENV: Readonly<Record<string, string>> = {
  HOME: "/root",
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
};

/** `sh -c 'env | grep X'`: a script run in the container, with its environment, and filters behind pipes. */
function inShell(seat: Seat, pod: Pod, container: Container, shell: string, words: readonly string[]): Inner {
  const flag = words.findIndex((word) => /^-\w*c$/.test(word));
  if (flag < 0) return refused(`${shell}: an interactive shell is not supported here: give one command, as in -- env`);
  const { world } = seat;
  let refusal = "";
  const one = (stage: readonly string[], stdin: string | null): Output => {
    const assigned = stage.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
    const [program = "", ...rest] = assigned < 0 ? [] : stage.slice(assigned);
    if (program === "") return NOTHING;
    const filter = stdin === null ? undefined : own(FILTERS, program);
    const isThere = hasProgram(seat.kit, program);
    if (isKnown(base(program)) && !isThere) return { stdout: "", stderr: notFoundIn(shell, program, seat), code: 127 };
    const { isRefused, ...output }: Inner = filter?.(rest, stdin ?? "") ?? inContainerFrom(program, rest);
    if (isRefused === true) refusal += output.stderr;
    return output;
  };
  const inContainerFrom = (program: string, rest: readonly string[]): Inner =>
    inContainer(seat, pod, container, [program, ...rest]);
  const pipeline = ({ stages, stderr }: Pipeline, given: string | null): Output => {
    let last: Output = NOTHING;
    let input = given;
    let complaints = "";
    for (const { words: stage } of stages) {
      last = one(stage, input);
      input = stderr === "joined" ? last.stdout + last.stderr : last.stdout;
      if (stderr === "shown") complaints += last.stderr;
    }
    return { ...last, stdout: input ?? "", stderr: complaints };
  };
  const env = world.env(keyOf(pod), container.name);
  const output = runScript(words[flag + 1] ?? "", {
    pipeline,
    variable: (name) => env.find((v) => v.name === name)?.value ?? own(DEFAULT_ENV, name),
    isOver: () => seat.deadline !== null && world.now >= seat.deadline,
    isTimed: seat.deadline !== null,
  });
  const said = { ...output, stderr: output.stderr.replace(/^sh(?=: syntax error)/gm, shell) };
  return refusal !== "" && said.stdout === "" && said.stderr === refusal ? { ...said, isRefused: true } : said;
}

function fileIn(world: World, pod: Pod, name: string): string | null {
  switch (name) {
    case "/etc/resolv.conf":
      return resolvConf(world, pod);
    case "/etc/hosts":
      return hostsFile(world, pod);
    case "/etc/hostname":
      return `${upperHost(pod)}\n`;
    case "/var/run/secrets/kubernetes.io/serviceaccount/namespace":
      return pod.metadata.namespace ?? "default";
    default:
      return null;
  }
}

const resolvConf = (world: World, pod: Pod): string => resolvConfText(podResolvConf(pod, world.config.cluster));

/** Source: pkg/kubelet/kubelet_pods.go ensureHostsFile. */
function hostsFile(world: World, pod: Pod): string {
  const aliases = (pod.spec.hostAliases ?? []).length;
  const lines = podHosts(pod, world.config.cluster).map(({ ip, names }) => `${ip}\t${names.join("\t")}\n`);
  // In the file the first lines have blanks between names.
  const own = lines
    .slice(0, lines.length - aliases)
    .join("")
    .replace("\tip6-localhost\tip6-loopback", " ip6-localhost ip6-loopback");
  const added = aliases === 0 ? "" : `\n# Entries added by HostAliases.\n${lines.slice(-aliases).join("")}`;
  const where = pod.spec.hostNetwork === true ? " (host network)" : "";
  return `# Kubernetes-managed hosts file${where}.\n${own}${added}`;
}

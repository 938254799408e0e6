/** `kubectl logs`: kube-proxy's and CoreDNS', and of workloads those that log the requests they get. */
import { isCoreDns } from "../world/coredns.ts";
import { quote } from "../model/status.ts";
import { SECOND } from "../base/time.ts";
import { isOn } from "./args.ts";
import { type Call, namespaceOf, noteRequest } from "./call.ts";
import { containerOf, podKind, podOf } from "./exec.ts";
import { failure, type Output, success } from "./output.ts";
import { parseDuration, pass, watchLimit, watchNote } from "./patience.ts";
import { coreDnsLog } from "./coredns-log.ts";
import { proxyNodes } from "./kube-proxy.ts";
import { proxyPodName } from "./kube-proxy-objects.ts";
import { containerLog, type LogLine } from "./shell/access-log.ts";
import { kubeProxyLog } from "./shell/component-logs.ts";

const COMPONENTS = /^(pods?\/|po\/)?(kube-apiserver|kube-controller-manager|kube-scheduler|etcd)(-|$)/;

export function kubectlLogs(call: Call): Output {
  const { args } = call;
  const [word, container] = args.words;
  const selector = args.flags["--selector"];
  if (word === undefined && selector === undefined) {
    return failure(
      "error: expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command\nSee 'kubectl logs -h' for help and examples",
    );
  }
  if (namespaceOf(call) === "kube-system") {
    const nodes = proxyNodes(call, word, selector);
    const followed = isOn(args, "--follow") && call.follow === null;
    if (nodes.length > 0 && followed) pass(call, watchLimit(call));
    if (nodes.length > 0)
      return success(
        nodes
          .map((node) =>
            cut(
              call,
              kubeProxyLog(call.world, node, isOn(args, "--previous")),
              nodes.length > 1 ? `[pod/${proxyPodName(call.world, node)}/kube-proxy] ` : "",
            ),
          )
          .join(""),
        followed ? watchNote(watchLimit(call)) : "",
      );
    if (word !== undefined && COMPONENTS.test(word)) {
      return failure(`error: ${word} stands outside the simulated nodes and writes no log here: see the journal`);
    }
  }
  if (word === undefined) return failure(`error: logs of several pods are not supported here: name one`);
  const pod = podOf(call, word);
  if (typeof pod === "string") return failure(pod);
  const wanted = args.flags["--container"] ?? container;
  const found = containerOf(pod, wanted);
  if (found === null) {
    return failure(`error: container ${wanted} is not valid for pod ${pod.metadata.name}`);
  }
  const { name } = found.container;
  const query = { container: name, ...(isOn(args, "--follow") && { follow: "true" }) };
  noteRequest(call, "GET", podKind(), {
    namespace: namespaceOf(call),
    name: pod.metadata.name,
    subresource: "log",
    query,
  });
  const status = pod.status.containerStatuses?.find((s) => s.name === name);
  const previous = isOn(args, "--previous");
  if (previous && (status?.restartCount ?? 0) === 0) {
    return failure(
      `Error from server (BadRequest): previous terminated container ${quote(name)} in pod ${quote(pod.metadata.name)} not found`,
    );
  }
  const waiting = status?.state?.waiting;
  if (status === undefined || (waiting !== undefined && status.restartCount === 0)) {
    const reason = waiting?.reason ?? "ContainerCreating";
    return failure(
      `Error from server (BadRequest): container ${quote(name)} in pod ${quote(pod.metadata.name)} is waiting to start: ${reason}`,
    );
  }
  if (isCoreDns(pod)) return success(cut(call, coreDnsLog(call.world, pod), ""), found.note);
  const written = containerLog(call.world, pod, found.container);
  if (written !== null) {
    const followed = isOn(args, "--follow") && call.follow === null;
    if (followed) pass(call, watchLimit(call));
    return success(recent(call, written), `${found.note}${followed ? watchNote(watchLimit(call)) : ""}`);
  }
  return {
    stdout: "",
    stderr: `${found.note}(containers write no logs here; kubectl describe and the journal tell what happened)\n`,
    code: 0,
  };
}

/** `--tail`, `--since` of lines whose time is known. */
function recent(call: Call, lines: readonly LogLine[]): string {
  const { flags } = call.args;
  const since = parseDuration(flags["--since"] ?? "");
  const tail = Number(flags["--tail"] ?? "-1");
  const young = since === null ? lines : lines.filter(({ at }) => at >= call.world.now - since);
  const kept = tail >= 0 ? young.slice(Math.max(0, young.length - tail)) : young;
  return kept.map(({ text }) => `${text}\n`).join("");
}

/** `--tail`, `--since`, `--prefix`. */
function cut(call: Call, log: string, prefix: string): string {
  const { flags } = call.args;
  let lines = log.split("\n").filter((line) => line !== "");
  const tail = Number(flags["--tail"] ?? "-1");
  if (tail >= 0) lines = lines.slice(Math.max(0, lines.length - tail));
  const since = parseDuration(flags["--since"] ?? "");
  if (since !== null && call.world.now > since) {
    const seconds = (call.world.now - since) / SECOND;
    lines = lines.filter((line) => clockOf(line) >= seconds % 86_400);
  }
  return lines.map((line) => `${prefix}${line}\n`).join("");
}

/** Seconds of the day in a klog line. */
function clockOf(line: string): number {
  const [, h = "0", m = "0", s = "0"] = /^\w\d{4} (\d\d):(\d\d):(\d\d)/.exec(line) ?? [];
  return Number(h) * 3600 + Number(m) * 60 + Number(s);
}

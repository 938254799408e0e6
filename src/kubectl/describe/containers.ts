/** The container part of `describe pod` and of pod templates. */
import type { Container, ContainerStatus, Pod, Probe } from "../../model/pod/types.ts";
import { at, count, items, pairs, text } from "../read.ts";
import { Lines, orNone, rfc1123 } from "./lines.ts";

/** `http-get http://:8080/healthz delay=0s timeout=1s period=10s #success=1 #failure=3`. */
function probeText(probe: Probe): string {
  const attributes = `delay=${probe.initialDelaySeconds ?? 0}s timeout=${probe.timeoutSeconds ?? 0}s period=${probe.periodSeconds ?? 0}s #success=${probe.successThreshold ?? 0} #failure=${probe.failureThreshold ?? 0}`;
  if (probe.exec !== undefined) return `exec [${(probe.exec.command ?? []).join(" ")}] ${attributes}`;
  if (probe.httpGet !== undefined) {
    const { scheme = "HTTP", port, path = "" } = probe.httpGet;
    return `http-get ${scheme.toLowerCase()}://${text(probe, "httpGet", "host")}:${port}${path} ${attributes}`;
  }
  if (probe.tcpSocket !== undefined) {
    return `tcp-socket ${text(probe, "tcpSocket", "host")}:${probe.tcpSocket.port} ${attributes}`;
  }
  const grpc = at(probe, "grpc");
  return grpc === undefined
    ? `unknown ${attributes}`
    : `grpc <pod>:${text(grpc, "port")} ${text(grpc, "service")} ${attributes}`;
}

function stateLines(out: Lines, title: string, state: unknown): void {
  if (at(state, "running") !== undefined) {
    out.at(2, `${title}:\tRunning`).at(3, `Started:\t${rfc1123(text(state, "running", "startedAt"))}`);
  } else if (at(state, "terminated") !== undefined) {
    const ended = at(state, "terminated");
    out.at(2, `${title}:\tTerminated`);
    if (text(ended, "reason") !== "") out.at(3, `Reason:\t${text(ended, "reason")}`);
    if (text(ended, "message") !== "") out.at(3, `Message:\t${text(ended, "message")}`);
    out.at(3, `Exit Code:\t${count(ended, "exitCode")}`);
    out.at(3, `Started:\t${rfc1123(text(ended, "startedAt"))}`);
    out.at(3, `Finished:\t${rfc1123(text(ended, "finishedAt"))}`);
  } else {
    out.at(2, `${title}:\tWaiting`);
    const reason = text(state, "waiting", "reason");
    if (reason !== "") out.at(3, `Reason:\t${reason}`);
  }
}

const True = (value: boolean): string => (value ? "True" : "False");

/** A field of the pod that an environment variable takes its value from. */
function fieldOf(pod: Pod | null, path: string): string {
  const key = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  return key === null ? text(pod, ...path.split(".")) : text(pod, "metadata", key[1] ?? "", key[2] ?? "");
}

function environment(out: Lines, container: Container, pod: Pod | null): void {
  const from = container.envFrom ?? [];
  if (from.length > 0) out.at(2, "Environment Variables from:");
  for (const source of from) {
    const [what, reference] =
      source.configMapRef === undefined ? ["Secret", source.secretRef] : ["ConfigMap", source.configMapRef];
    const prefix = source.prefix ? ` with prefix '${source.prefix}'` : "";
    out.at(3, `${reference?.name ?? ""}\t${what}${prefix}\tOptional: ${reference?.optional ?? false}`);
  }
  const env = container.env ?? [];
  out.at(2, `Environment:${env.length === 0 ? "\t<none>" : ""}`);
  for (const { name, value = "", valueFrom } of env) {
    if (valueFrom === undefined) {
      value.split("\n").forEach((line, i) => out.at(3, i === 0 ? `${name}:\t${line}` : `\t${line}`));
    } else if (valueFrom.fieldRef !== undefined) {
      const { apiVersion = "v1", fieldPath } = valueFrom.fieldRef;
      out.at(3, `${name}:\t${fieldOf(pod, fieldPath)} (${apiVersion}:${fieldPath})`);
    } else if (valueFrom.secretKeyRef !== undefined) {
      const { key, name: secret = "", optional = false } = valueFrom.secretKeyRef;
      out.at(3, `${name}:\t<set to the key '${key}' in secret '${secret}'>\tOptional: ${optional}`);
    } else if (valueFrom.configMapKeyRef !== undefined) {
      const { key, name: map = "", optional = false } = valueFrom.configMapKeyRef;
      out.at(3, `${name}:\t<set to the key '${key}' of config map '${map}'>\tOptional: ${optional}`);
    }
  }
}

function mounts(out: Lines, container: Container): void {
  const list = [...items(container, "volumeMounts")].sort((a, b) =>
    text(a, "mountPath") < text(b, "mountPath") ? -1 : 1,
  );
  out.at(2, `Mounts:${list.length === 0 ? "\t<none>" : ""}`);
  for (const mount of list) {
    const flags = [at(mount, "readOnly") === true ? "ro" : "rw"];
    if (text(mount, "subPath") !== "") flags.push(`path=${JSON.stringify(text(mount, "subPath"))}`);
    out.at(3, `${text(mount, "mountPath")} from ${text(mount, "name")} (${flags.join(",")})`);
  }
}

/** `space` is what stands before the label inside a pod template. Without a pod there are no states to show. */
export function containersText(
  label: string,
  containers: readonly Container[],
  statuses: readonly ContainerStatus[] | null,
  pod: Pod | null,
  space: string,
): string {
  const out = new Lines();
  out.line(`${space}${label}:${containers.length === 0 ? " <none>" : ""}`);
  for (const container of containers) {
    const status = statuses?.find(({ name }) => name === container.name);
    out.at(1, `${space === "" ? "" : " "}${container.name}:`);
    if (status !== undefined) out.at(2, `Container ID:\t${text(status, "containerID")}`);
    out.at(2, `Image:\t${container.image ?? ""}`);
    if (status !== undefined) out.at(2, `Image ID:\t${text(status, "imageID")}`);
    const ports = (container.ports ?? []).map((p) => `${p.containerPort}/${p.protocol ?? "TCP"}`);
    const hostPorts = (container.ports ?? []).map((p) => `${p.hostPort ?? 0}/${p.protocol ?? "TCP"}`);
    const plural = ports.length > 1 ? "s" : "";
    out.at(2, `Port${plural}:\t${orNone(ports.join(", "))}`);
    out.at(2, `Host Port${plural}:\t${orNone(hostPorts.join(", "))}`);
    for (const [title, words] of [
      ["Command", container.command],
      ["Args", container.args],
    ] as const) {
      if ((words ?? []).length === 0) continue;
      out.at(2, `${title}:`);
      for (const word of words ?? []) for (const line of word.split("\n")) out.at(3, line);
    }
    if (status !== undefined) {
      stateLines(out, "State", status.state);
      if (at(status, "lastState", "terminated") !== undefined) stateLines(out, "Last State", at(status, "lastState"));
      out.at(2, `Ready:\t${True(status.ready)}`).at(2, `Restart Count:\t${status.restartCount}`);
    }
    for (const [title, member] of [
      ["Limits", "limits"],
      ["Requests", "requests"],
    ] as const) {
      const resources = pairs(container, "resources", member);
      if (Object.keys(resources).length === 0) continue;
      out.at(2, `${title}:`);
      for (const name of Object.keys(resources).sort()) out.at(3, `${name}:\t${resources[name]}`);
    }
    if (container.livenessProbe !== undefined) out.at(2, `Liveness:\t${probeText(container.livenessProbe)}`);
    if (container.readinessProbe !== undefined) out.at(2, `Readiness:\t${probeText(container.readinessProbe)}`);
    if (container.startupProbe !== undefined) out.at(2, `Startup:\t${probeText(container.startupProbe)}`);
    environment(out, container, pod);
    mounts(out, container);
  }
  return out.toString();
}

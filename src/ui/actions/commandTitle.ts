/** A command as a line: kubectl's own where there is one, else a plain sentence. */
import { splitKey, type ObjectKey } from "../../model/meta/types.ts";
import type { Command } from "../../wire/protocol.ts";

/** `-n shop pod/web-x`; the namespace is left out where it is the default one. */
function named(key: ObjectKey): string {
  const { kind, namespace, name } = splitKey(key);
  return `${namespace === "" || namespace === "default" ? "" : `-n ${namespace} `}${kind.toLowerCase()}/${name}`;
}

/** `shop/web-x`. */
function plain(key: ObjectKey): string {
  const { namespace, name } = splitKey(key);
  return namespace === "" ? name : `${namespace}/${name}`;
}

const span = (micros: number): string =>
  micros % 1e6 === 0
    ? `${String(micros / 1e6)} s`
    : micros % 1e3 === 0
      ? `${String(micros / 1e3)} ms`
      : `${String(micros)} µs`;

export function titleOf(command: Command): string {
  switch (command.type) {
    case "text":
      return "kubectl apply --prune -f the text";
    case "send": {
      const { from, to, protocol } = command.request;
      return `send from ${from} to ${to}, ${protocol.toUpperCase()}`;
    }
    case "connect":
      return `open a connection from ${command.request.from} to ${command.request.to}`;
    case "exchange":
      return `one more request on connection ${String(command.connection)}`;
    case "close":
      return `close connection ${String(command.connection)} with ${command.how.toUpperCase()}`;
    case "load":
      return `load: ${String(command.rate)}/s for ${span(command.duration)} from ${command.from.join(", ")} to ${command.to}`;
    case "flush-conntrack":
      return `conntrack -D on ${command.node}`;
    case "delete":
      return `kubectl delete ${named(command.key)}${command.force ? " --grace-period=0 --force" : ""}`;
    case "kill":
      return `kill the process of pod ${plain(command.pod)}`;
    case "scale":
      return `kubectl scale ${named(command.key)} --replicas=${String(command.replicas)}`;
    case "write":
      return command.title;
    case "mode":
      return `kube-proxy mode ${command.mode} on every node`;
    case "pace":
      return command.pace === "run" ? "let commands take their time" : "let the cluster settle after each command";
    case "run":
      return `let ${span(command.micros)} pass`;
    case "fault":
      break;
  }
  switch (command.fault) {
    case "crash":
      return `crash ${command.container === null ? "" : `container ${command.container} of `}pod ${plain(command.pod)}`;
    case "hang":
      return command.on ? `hang pod ${plain(command.pod)}` : `let pod ${plain(command.pod)} answer again`;
    case "unready":
      return command.on
        ? `make pod ${plain(command.pod)} fail its readiness probe`
        : `let pod ${plain(command.pod)} pass its readiness probe`;
    case "node":
      return command.on ? `power on ${command.node}` : `cut the power of ${command.node}`;
    case "kube-proxy":
      return `${command.on ? "start" : "stop"} kube-proxy on ${command.node}`;
    case "watch-lag":
      return `kube-proxy on ${command.node} hears of changes ${command.micros === 0 ? "at once" : `${span(command.micros)} late`}`;
  }
}

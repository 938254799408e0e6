import { CONTROL_PLANE } from "../apiserver/bootstrap.ts";
import { type Micros, timestamp } from "../base/time.ts";
import type { Listener } from "../kernel/host.ts";
import { type Node, nodeInternalIP } from "../model/node/types.ts";
import type { HttpResponse } from "../model/trace/message.ts";

/** `curl -k https://.../`: TLS is up, and who brings no credentials is system:anonymous, who may not read this path. */
function forbidden(now: Micros): HttpResponse {
  const status = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: 'forbidden: User "system:anonymous" cannot get path "/"',
    reason: "Forbidden",
    details: {},
    code: 403,
  };
  const body = JSON.stringify(status, null, 2);
  return {
    path: "/",
    version: "HTTP/2",
    status: 403,
    reason: "",
    headers: [
      { name: "cache-control", value: "no-cache, private" },
      { name: "content-type", value: "application/json" },
      { name: "x-content-type-options", value: "nosniff" },
      { name: "content-length", value: String(body.length) },
      { name: "date", value: new Date(timestamp(now)).toUTCString() },
    ],
    body,
  };
}

/** A machine with an API server on it, an endpoint of default/kubernetes. */
export function controlPlane(
  node: Node,
  now: Micros,
): {
  readonly name: string;
  readonly ip: string;
  readonly listeners: readonly Listener[];
} {
  return {
    name: node.metadata.name,
    ip: nodeInternalIP(node) ?? "",
    listeners: [
      {
        ip: "0.0.0.0",
        port: CONTROL_PLANE.port,
        protocol: "tcp",
        owner: null,
        what: "kube-apiserver",
        assumed: false,
        response: forbidden(now),
      },
    ],
  };
}

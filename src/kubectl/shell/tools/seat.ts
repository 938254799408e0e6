/** Where a tool of the terminal runs: in a container, on a node, or on a machine outside. */
import { objectKey } from "../../../model/meta/types.ts";
import type { Client } from "../../../model/kubehop/types.ts";
import type { Container, Pod } from "../../../model/pod/types.ts";
import type { HostId } from "../../../model/trace/types.ts";
import { podHost } from "../../../network/topology/pod.ts";
import type { World } from "../../../world/types.ts";
import type { Output } from "../../output.ts";
import { type Kit, NODE_KIT, kitOf } from "./images.ts";

export interface Seat {
  readonly world: World;
  /** The sender as a request names it: `pod/shop/web-x`, `node/worker-1`, `client/internet`. */
  readonly from: string;
  /** The network namespace: that of the node for a pod with hostNetwork. */
  readonly host: HostId;
  readonly pod: Pod | null;
  readonly hostname: string;
  /** The programs that are there, and whose they are. */
  readonly kit: Kit;
  /** When `timeout` in front of the command ends it, in virtual time; null: never. */
  readonly deadline: number | null;
}

/** A program that looks at the network or uses it. */
export type Tool = (words: readonly string[], seat: Seat) => Output;

export function podSeat(world: World, pod: Pod, container: Container): Seat {
  const { namespace = "default", name } = pod.metadata;
  return {
    world,
    from: `pod/${namespace}/${name}`,
    host: podHost(pod),
    pod,
    hostname: pod.spec.hostNetwork === true ? (pod.spec.nodeName ?? "") : (pod.spec.hostname ?? name),
    kit: kitOf(container.image ?? ""),
    deadline: null,
  };
}

export const nodeSeat = (world: World, node: string): Seat => machine(world, `node/${node}`, node);
export const clientSeat = (world: World, client: string): Seat => machine(world, `client/${client}`, client);

function machine(world: World, host: HostId, hostname: string): Seat {
  return { world, from: host, host, pod: null, hostname, kit: NODE_KIT, deadline: null };
}

export const clientsOf = (world: World): readonly string[] =>
  world.objects.list<Client>("Client").map((c) => c.metadata.name);

export const isClient = (world: World, name: string): boolean =>
  world.objects.get(objectKey("Client", undefined, name)) !== undefined;

/** What `timeout` says of a command that it has ended. */
export const KILLED: Output = { stdout: "", stderr: "", code: 124 };

/**
 * The cloud's load balancers as they run: which targets are registered, and what their health checks have seen. The service controller
 * builds them and tells them of nodes; all that lies between a change and the first connection that heeds it is here.
 */
import type { Commit, Store } from "../apiserver/types.ts";
import { deepEqual, type JsonValue } from "../base/json.ts";
import { type Micros, SECOND } from "../base/time.ts";
import { changesOf } from "../controllers/changes.ts";
import { isMetallbs } from "../controllers/metallb/pools.ts";
import { balancerOf, isTarget } from "../controllers/service-lb.ts";
import type { Delay, EngineContext, SimEvent } from "../engine/types.ts";
import { SERVICE_NAME_LABEL, type EndpointSlice } from "../model/endpointslice/types.ts";
import { keyOf, objectKey, type ObjectKey, splitKey } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import type { Service } from "../model/service/types.ts";
import { nodeAddresses } from "../network/addresses.ts";
import type { BalancerTarget, PodTarget } from "../network/types.ts";
import { checksNeeded, noticeDelay, type TargetHealth } from "./health-checks.ts";
import { DELIVERY } from "./proxies.ts";
import type { State } from "./state.ts";

export const LOAD_BALANCER = "load-balancer";

/** From an endpoint's coming or going to its target's registration: the controller's queue and the cloud's API. */
const REGISTRATION: Delay = { class: "sync", micros: 2 * SECOND };
/** The check of balancers of policy Cluster: kube-proxy's own /healthz. All of them see the same. */
const HEALTHZ = "healthz";

/** What the balancers need to know of the rest of the world. */
export interface BalancerHost {
  readonly store: Store;
  readonly state: State;
  /** Does the node's kube-proxy answer 200 on /healthz (null), or on this Service's health check node port? */
  readonly passes: (node: string, service: Service | null) => boolean;
  /** What a controller has noted. */
  readonly memory: (instance: string, slot: string) => JsonValue | undefined;
}

export class Balancers {
  private readonly host: BalancerHost;

  constructor(host: BalancerHost) {
    this.host = host;
  }

  /** Tells the balancers of a commit that is about the Service or the endpoints of one of them. */
  deliver(commit: Commit, engine: EngineContext): void {
    const keys = new Set<ObjectKey>();
    for (const { from, to, object } of changesOf(commit)) {
      if (object.kind === "Service") {
        const sides = [from, to] as readonly (Service | undefined)[];
        if (sides.some((side) => side?.spec.type === "LoadBalancer")) keys.add(keyOf(object));
      } else if (object.kind === "EndpointSlice" && this.host.state.rest.cloud.loadBalancer === "pod") {
        const name = object.metadata.labels?.[SERVICE_NAME_LABEL] ?? "";
        const key = objectKey("Service", object.metadata.namespace, name);
        if (this.host.store.get<Service>(key)?.spec.type === "LoadBalancer") keys.add(key);
      }
    }
    for (const key of keys) engine.emit(DELIVERY, LOAD_BALANCER, "service", null, key);
  }

  /** Something has happened to the node or its kube-proxy: health checks that answer differently now will be noticed. */
  look(node: string, engine: EngineContext): void {
    for (const check of Object.keys(this.host.state.rest.health)) this.compare(check, node, engine);
  }

  handle(event: SimEvent, engine: EngineContext): string | undefined {
    const key = (event.key ?? "") as ObjectKey;
    switch (event.kind) {
      case "service":
        return this.follow(key, engine);
      case "register":
        return this.register(key, engine);
      default:
        return this.notice(event.key ?? "", engine);
    }
  }

  /** The Service's balancer when the cloud has one for it. */
  private standing(key: ObjectKey): Service | undefined {
    const service = this.host.store.get<Service>(key);
    if (service?.spec.type !== "LoadBalancer" || (service.status.loadBalancer.ingress ?? []).length === 0)
      return undefined;
    return isMetallbs(service, this.host.store, this.host.state.rest.cloud) ? undefined : service;
  }

  private follow(key: ObjectKey, engine: EngineContext): undefined {
    const service = this.standing(key);
    const { health, podTargets, cloud } = this.host.state.rest;
    if (service === undefined) {
      const { [checkOf(key)]: gone, ...others } = health;
      const { [key]: left, ...kept } = podTargets;
      if (gone !== undefined || left !== undefined) this.host.state.change({ health: others, podTargets: kept });
      return;
    }
    if (cloud.loadBalancer === "pod") {
      engine.emit(REGISTRATION, LOAD_BALANCER, "register", null, key);
      return;
    }
    const check = checkFor(service);
    const nodes = this.host.store.list<Node>("Node").map(({ metadata }) => metadata.name);
    const known = health[check] ?? {};
    // What is seen for the first time is believed: all of it at once, for there may be thousands of nodes.
    const asked = check === HEALTHZ ? null : service;
    const first = nodes.filter((node) => known[node] === undefined);
    if (health[check] === undefined || first.length > 0) {
      const believed = first.map((node) => [node, { passes: this.host.passes(node, asked), turns: null }]);
      this.host.state.change({ health: { ...health, [check]: { ...known, ...Object.fromEntries(believed) } } });
    }
    for (const node of nodes) if (known[node] !== undefined) this.compare(check, node, engine);
  }

  /** Holds what is so against what the balancer believes, and starts or stops its way to seeing it. */
  private compare(check: string, node: string, engine: EngineContext): void {
    const { state, passes } = this.host;
    const known = state.rest.health[check]?.[node];
    const service = check === HEALTHZ ? null : this.host.store.get<Service>(check as ObjectKey);
    if (service === undefined) return;
    const truth = passes(node, service);
    if (known === undefined) return this.believe(check, node, { passes: truth, turns: null });
    if (truth === known.passes) {
      if (known.turns !== null) this.believe(check, node, { passes: truth, turns: null });
    } else if (known.turns === null) this.begin(check, node, known.passes, engine);
  }

  private begin(check: string, target: string, passes: boolean, engine: EngineContext): void {
    const { state } = this.host;
    const { cloud, seed } = state.rest;
    // One check of a node for all balancers has the node's name, others their own.
    const what = {
      target: check === HEALTHZ ? target : `${target} for ${check}`,
      fails: passes,
      isSilent: state.isDown(target),
    };
    const delay: Delay = { class: "probe", micros: noticeDelay(what, cloud, engine.now, seed) };
    this.believe(check, target, { passes, turns: engine.now + engine.latency(delay) });
    engine.emit(delay, LOAD_BALANCER, "notice", null, `${check} ${target}`);
  }

  private believe(check: string, target: string, now: TargetHealth): void {
    const { state } = this.host;
    const { health } = state.rest;
    state.change({ health: { ...health, [check]: { ...health[check], [target]: now } } });
  }

  /** Enough checks have said the same. */
  private notice(key: string, engine: EngineContext): string | undefined {
    const { state } = this.host;
    const space = key.lastIndexOf(" ");
    const [check, target] = [key.slice(0, space), key.slice(space + 1)];
    const known = state.rest.health[check]?.[target];
    if (known === undefined || known.turns === null) return undefined;
    if (engine.now < known.turns) {
      engine.emit({ class: "timer", micros: known.turns - engine.now }, LOAD_BALANCER, "notice", null, key);
      return undefined;
    }
    this.believe(check, target, { passes: !known.passes, turns: null });
    const checks = checksNeeded(known.passes, state.rest.cloud);
    const times = checks === 1 ? "a health check" : `${checks} health checks in a row`;
    if (check === HEALTHZ) return healthTitle("load balancers", target, known.passes, `${times} on :10256/healthz`);
    const service = this.host.store.get<Service>(check as ObjectKey);
    const port = service?.spec.healthCheckNodePort ?? 0;
    const asked =
      state.rest.podTargets[check as ObjectKey] !== undefined || port === 0 ? times : `${times} on :${port}`;
    return healthTitle(titleOf(check as ObjectKey), target, known.passes, asked);
  }

  /** Brings the target group of a balancer that forwards to pods in line with the ready endpoints. */
  private register(key: ObjectKey, engine: EngineContext): string | undefined {
    const { state, store } = this.host;
    const service = this.standing(key);
    if (service === undefined) return undefined;
    const { podTargets, health } = state.rest;
    const before = podTargets[key] ?? [];
    const after = readyEndpoints(service, store);
    if (deepEqual(before, after)) return undefined;
    const news = after.filter((t) => !before.some((b) => b.ip === t.ip));
    const left = before.filter((t) => !after.some((a) => a.ip === t.ip));
    const check = key;
    const kept = Object.entries(health[check] ?? {}).filter(([ip]) => !left.some((t) => t.ip === ip));
    state.change({
      podTargets: { ...podTargets, [key]: after },
      health: { ...health, [check]: Object.fromEntries(kept) },
    });
    for (const { ip } of news) this.begin(check, ip, false, engine);
    const said = [
      ...(news.length === 0 ? [] : [`registered ${news.map(named).join(", ")}`]),
      ...(left.length === 0 ? [] : [`deregistered ${left.map(named).join(", ")}`]),
    ];
    return said.length === 0 ? undefined : `${titleOf(key)}: ${said.join(", ")}`;
  }

  /** The addresses of a Service's balancer; none when the cloud has not built one, or it is MetalLB's. */
  addressesOf(service: Service): readonly string[] {
    const key = keyOf(service);
    const ingress = service.status.loadBalancer.ingress ?? [];
    if (service.spec.type !== "LoadBalancer" || ingress.length === 0) return [];
    if (isMetallbs(service, this.host.store, this.host.state.rest.cloud)) return [];
    const ips = ingress.flatMap(({ ip }) => (ip === undefined || ip === "" ? [] : [ip]));
    if (ips.length > 0) return ips;
    const built = balancerOf(this.host.memory, key);
    return built?.address === undefined || built.address === null ? [] : [built.address];
  }

  /** When the balancer will believe something else of the target; null while what it believes is so. */
  turnsAt(service: Service, target: BalancerTarget): Micros | null {
    const isPod = target.pod !== null;
    const check = isPod ? checkOf(keyOf(service)) : checkFor(service);
    const slot = isPod ? (target.addresses[0] ?? "") : target.name;
    return this.host.state.rest.health[check]?.[slot]?.turns ?? null;
  }

  /** Where the balancer of this Service may send new connections. */
  targetsOf(service: Service): readonly BalancerTarget[] {
    const { store, state, passes, memory } = this.host;
    const { health, podTargets, cloud } = state.rest;
    const key = keyOf(service);
    if (cloud.loadBalancer === "pod") {
      return (podTargets[key] ?? []).map((pod) => ({
        name: pod.name,
        addresses: [pod.ip],
        healthy: health[key]?.[pod.ip]?.passes ?? true,
        pod,
      }));
    }
    const check = checkFor(service);
    const asked = check === HEALTHZ ? null : service;
    const built = balancerOf(memory, key);
    const members =
      built === null || built.config === null
        ? store
            .list<Node>("Node")
            .filter(isTarget)
            .map((node) => node.metadata.name)
        : built.nodes;
    return members.map((name) => {
      const node = store.get<Node>(objectKey("Node", undefined, name));
      return {
        name,
        // The address of a node that is no longer there is still registered, until the service controller has taken it out.
        addresses: node === undefined ? (built?.addresses[name] ?? []) : nodeAddresses(node),
        healthy: health[check]?.[name]?.passes ?? passes(name, asked),
        pod: null,
      };
    });
  }
}

function titleOf(service: ObjectKey): string {
  const { namespace, name } = splitKey(service);
  return `load balancer of ${namespace}/${name}`;
}

const healthTitle = (who: string, target: string, passed: boolean, checks: string): string =>
  `${who}: ${target} is ${passed ? "unhealthy, it failed" : "healthy, it passed"} ${checks}`;

const named = ({ ip, name }: PodTarget): string => `${ip} (${name})`;

/** The check of a balancer of its own: the Service's key. */
const checkOf = (key: ObjectKey): string => key;

function checkFor(service: Service): string {
  const port = service.spec.healthCheckNodePort ?? 0;
  return port === 0 ? HEALTHZ : checkOf(keyOf(service));
}

/** Pods that are ready, with the ports that they serve the Service's on. */
function readyEndpoints({ metadata }: Service, store: Store): readonly PodTarget[] {
  const namespace = metadata.namespace ?? "default";
  const targets = store.slicesOf(namespace, metadata.name).flatMap((slice: EndpointSlice): readonly PodTarget[] =>
    (slice.endpoints ?? []).flatMap(({ addresses, conditions, targetRef }) =>
      conditions?.ready === false || addresses[0] === undefined
        ? []
        : [
            {
              ip: addresses[0],
              name: `${namespace}/${targetRef?.name ?? addresses[0]}`,
              ports: (slice.ports ?? []).flatMap(({ name = "", protocol = "TCP", port }) =>
                port === undefined ? [] : [{ name, protocol, port }],
              ),
            },
          ],
    ),
  );
  return targets.toSorted((a, b) => (a.ip < b.ip ? -1 : 1));
}

/** A Service's variables in a container that takes one of them for a setting of its own: REDIS_PORT=tcp://10.96.0.7:6379. */
import { keyOf } from "../../model/meta/types.ts";
import type { Container, Pod } from "../../model/pod/types.ts";
import type { Service } from "../../model/service/types.ts";
import { makerOf, podsBehind, serviceKey, serviceName } from "../endpoints.ts";
import type { Case, Diagnoser } from "../types.ts";

/** Images known to take all variables of a prefix for settings, and to stumble over NAME_PORT=tcp://... . */
const READERS: readonly (readonly [RegExp, string])[] = [
  [/(^|\/)registry([:@]|$)/, "REGISTRY"],
  [/(^|\/)neo4j([:@]|$)/, "NEO4J"],
  [/(^|\/)kong([:@]|$)/, "KONG"],
  [/(^|\/)traefik([:@]|$)/, "TRAEFIK"],
  [/(^|\/)vault([:@]|$)/, "VAULT"],
  [/(^|\/)redis-commander([:@]|$)/, "REDIS"],
  [/(^|\/)minio([:@]|$)/, "MINIO"],
  [/(^|\/)rabbitmq([:@]|$)/, "RABBITMQ"],
];

/** A variable that is a Service's, and what shows that the container reads it. */
interface Clash {
  readonly pod: Pod;
  readonly container: Container;
  /** Position in the pod. */
  readonly index: number;
  readonly variable: string;
  readonly value: string;
  readonly service: Service;
  /** Path below the container, and what stands there. */
  readonly path: string;
  readonly shows: string;
}

type Declared = Container & {
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly command?: readonly string[];
  readonly args?: readonly string[];
};

const prefixOf = ({ metadata }: Service): string => metadata.name.toUpperCase().replaceAll("-", "_");

/** Where the container itself uses the variable; null: nowhere that the text shows. */
function useOf(
  container: Container,
  variable: string,
  prefix: string,
  serves: boolean,
): Pick<Clash, "path" | "shows"> | null {
  const { env = [], command = [], args = [], image = "" } = container as Declared;
  const use = new RegExp(
    `\\$(?:\\(${variable}\\)|\\{${variable}[}:\\-]|${variable}\\b)|(?:process\\.env\\.|environ\\W+|getenv\\W+|ENV\\W+)${variable}\\b`,
  );
  for (const [field, words] of [
    ["command", command],
    ["args", args],
  ] as const) {
    const at = words.findIndex((word) => use.test(word));
    if (at >= 0) return { path: `${field}[${String(at)}]`, shows: words[at] ?? "" };
  }
  const at = env.findIndex(({ value }) => use.test(value ?? ""));
  if (at >= 0) return { path: `env[${String(at)}].value`, shows: `${env[at]?.name ?? ""}=${env[at]?.value ?? ""}` };
  // Traefik reads its variables only where it is given no flags.
  const readsAll = READERS.some(([pattern, own]) => own === prefix && pattern.test(image));
  if (readsAll && !(prefix === "TRAEFIK" && args.length > 0))
    return { path: "image", shows: `${image} reads every ${prefix}_ variable` };
  // Whoever is told REDIS_HOST looks for REDIS_PORT too.
  const connects = new RegExp(`^${prefix}_(HOST|HOSTNAME|ADDR|ADDRESS|SERVER|URL|USER|USERNAME|PASSWORD|DB|DATABASE)$`);
  const sister = env.findIndex(({ name }) => connects.test(name));
  return sister < 0 || serves
    ? null
    : {
        path: `env[${String(sister)}].name`,
        shows: `sets ${env[sister]?.name ?? ""} and leaves ${variable} to its default`,
      };
}

function clashesIn({ envOf, objects }: Pick<Case, "envOf" | "objects">, pod: Pod): readonly Clash[] {
  const namespace = pod.metadata.namespace ?? "default";
  const services = objects.list<Service>("Service", namespace).filter(({ metadata }) => metadata.name !== "kubernetes");
  return pod.spec.containers.flatMap((container, index) => {
    const env = envOf(keyOf(pod), container.name);
    return services.flatMap((service): readonly Clash[] => {
      const prefix = prefixOf(service);
      const variable = `${prefix}_PORT`;
      const value = env.find(({ name }) => name === variable)?.value;
      if (value === undefined || !/^(tcp|udp|sctp):\/\//.test(value)) return [];
      // Who is behind the Service has such variables for settings of its own.
      const serves = podsBehind(objects, service).some((one) => keyOf(one) === keyOf(pod));
      const use = useOf(container, variable, prefix, serves);
      return use === null ? [] : [{ pod, container, index, variable, value, service, ...use }];
    });
  });
}

/** Pods that have to do with the request: the sender's, and those behind what it dials. */
function concerned({ request, objects, view, target }: Case): readonly Pod[] {
  const [kind, namespace = "default", name = ""] = request.from.split("/");
  const own =
    kind === "pod"
      ? view.pod(namespace, name)
      : kind === "deploy"
        ? view.podsOfDeployment(namespace, name)[0]
        : undefined;
  return [...(own === undefined ? [] : [own]), ...(target.service === null ? [] : podsBehind(objects, target.service))];
}

export const envClash: Diagnoser = (given) => {
  const clash = concerned(given).flatMap((pod) => clashesIn(given, pod))[0];
  if (clash === undefined) return [];
  const { pod, container, index, variable, value, service, path, shows } = clash;
  const { key, template } = makerOf(given.objects, pod);
  const crashes = (pod.status.containerStatuses ?? []).some(
    ({ name, restartCount, state }) => name === container.name && (restartCount > 0 || state?.waiting !== undefined),
  );
  const sender = `pod ${pod.metadata.namespace ?? "default"}/${pod.metadata.name}`;
  return [
    {
      id: "ENV-CLASH",
      severity: crashes ? "error" : "warning",
      hop: null,
      evidence: [
        { kind: "walk", shows: `env of container ${container.name}: ${variable}=${value}` },
        { kind: "object", object: key, path: `${template}spec.containers[${String(index)}].${path}`, shows },
        { kind: "object", object: serviceKey(service), path: "metadata.name", shows: service.metadata.name },
      ],
      cause: `Service ${serviceName(service)} puts ${variable}=${value} into the environment of ${sender}, whose container ${container.name} takes ${variable} for a port number of its own.`,
      remedies: [
        {
          title: "Leave Service variables out (enableServiceLinks: false)",
          edits: [{ object: key, path: `${template}spec.enableServiceLinks`, to: false }],
        },
      ],
      otherwise: `Set ${variable} in the container's env (a variable of its own wins), or give the Service another name.`,
      command: `kubectl -n ${pod.metadata.namespace ?? "default"} exec ${pod.metadata.name} -c ${container.name} -- env | grep ^${variable}=`,
      isMended: ({ walks }, fork) =>
        walks.every(({ outcome }) => outcome === "delivered") &&
        fork.objects
          .list<Pod>("Pod", pod.metadata.namespace ?? "default")
          .filter((one) => makerOf(fork.objects, one).key === key)
          .every((one) => clashesIn(fork, one).every((other) => other.variable !== variable)),
      proves: () => `in a fork: the container starts without ${variable}, and every branch arrives`,
    },
  ];
};

/** Which pods are ingress controllers, and which Ingresses are theirs: by the images, flags and defaults of those that people run. */
import type { KubeObject } from "../meta/types.ts";
import type { Pod } from "../pod/types.ts";
import { INGRESS_CLASS_ANNOTATION, type Ingress, type IngressClass } from "./types.ts";

/** `kubehop.dev/program: ingress-controller` makes any pod one; `kubehop.dev/ingress-class: NAME` says whose Ingresses it takes. */
export const PROGRAM_ANNOTATION = "kubehop.dev/program";
export const PROGRAM_CLASS_ANNOTATION = "kubehop.dev/ingress-class";

/** `plain`: named by the annotation, so of no particular make. */
export type IngressFlavour = "ingress-nginx" | "nginx" | "traefik" | "haproxy" | "plain";

export interface IngressController {
  readonly flavour: IngressFlavour;
  /** spec.controller of the IngressClasses that it serves; null: it asks for no IngressClass. */
  readonly controller: string | null;
  /** Its class by name, which the old annotation (and with some the field) is held against; null: whichever. */
  readonly className: string | null;
  /** Does it take Ingresses that name no class? */
  readonly classless: boolean;
  /** The one namespace that it watches; null: all. */
  readonly namespace: string | null;
  /** Where the status of its Ingresses comes from. */
  readonly publish: Publish;
}

export type Publish =
  /** The addresses of this Service. */
  | { readonly from: "service"; readonly namespace: string; readonly name: string }
  /** The nodes on which its pods run. */
  | { readonly from: "nodes" }
  | { readonly from: "addresses"; readonly addresses: readonly string[] }
  /** A Service that selects its pods, or else its nodes. */
  | { readonly from: "own" }
  /** It writes no status. */
  | { readonly from: "nowhere" };

const IMAGES: readonly (readonly [RegExp, Exclude<IngressFlavour, "plain">])[] = [
  [/(^|\/)ingress-nginx\/controller(-chroot)?([:@]|$)/, "ingress-nginx"],
  [/(^|\/)nginx-ingress-controller([:@]|$)/, "ingress-nginx"],
  [/(^|\/)nginx\/nginx-ingress([:@]|$)/, "nginx"],
  [/(^|\/)nginx-ingress\/nginx-plus-ingress([:@]|$)/, "nginx"],
  [/(^|\/)traefik([:@]|$)/, "traefik"],
  [/(^|\/)haproxytech\/kubernetes-ingress([:@]|$)/, "haproxy"],
];

/** The value of a flag as Go programs read it: `--name=value`, `--name value`, `-name=value`; null when it is not given. */
export function flagOf(words: readonly string[], name: string): string | null {
  for (const [i, word] of words.entries()) {
    const match = /^--?([^=]+)(?:=(.*))?$/s.exec(word);
    if (match === null || match[1]?.toLowerCase() !== name.toLowerCase()) continue;
    const next = words[i + 1];
    return match[2] ?? (next === undefined || next.startsWith("-") ? "true" : next);
  }
  return null;
}

/** What the containers of a pod are started with: command and args, `$(POD_NAMESPACE)` and `$(POD_NAME)` filled in. */
export function commandWords(pod: Pod): readonly string[] {
  const known: Readonly<Record<string, string>> = {
    POD_NAMESPACE: pod.metadata.namespace ?? "default",
    POD_NAME: pod.metadata.name,
  };
  return pod.spec.containers
    .flatMap((c) => [...(c.command ?? []), ...(c.args ?? [])])
    .map((word) => word.replace(/\$\((\w+)\)/g, (whole, name: string) => known[name] ?? whole));
}

function publishService(value: string | null, namespace: string): Publish | null {
  if (value === null || value === "") return null;
  const [a = "", b] = value.split("/");
  return { from: "service", namespace: b === undefined ? namespace : a, name: b ?? a };
}

/** What kind of ingress controller runs in this pod, or null when none does. */
export function ingressControllerOf(pod: Pod): IngressController | null {
  const annotations = pod.metadata.annotations ?? {};
  const program = annotations[PROGRAM_ANNOTATION];
  if (program === "ingress-controller") {
    const named = annotations[PROGRAM_CLASS_ANNOTATION] ?? null;
    return {
      flavour: "plain",
      controller: null,
      className: named,
      classless: named === null,
      namespace: null,
      publish: { from: "own" },
    };
  }
  if (program !== undefined) return null;
  const found = IMAGES.find(([image]) => pod.spec.containers.some((c) => image.test(c.image ?? "")));
  return found === undefined ? null : ofImage(found[1], commandWords(pod), pod.metadata.namespace ?? "default");
}

/** Does this object run an ingress controller: a Pod, or a workload by its template? As text has it, so any part may be missing. */
export function deploysIngressController(object: KubeObject): boolean {
  type Stated = { readonly metadata?: KubeObject["metadata"]; readonly spec?: Partial<Pod["spec"]> };
  const { spec } = object as KubeObject & { readonly spec?: { readonly template?: Stated } };
  const stated: Stated | undefined = object.kind === "Pod" ? (object as Stated) : spec?.template;
  if (stated === undefined) return false;
  const pod = { ...stated, metadata: stated.metadata ?? {}, spec: { containers: [], ...stated.spec } };
  return ingressControllerOf(pod as unknown as Pod) !== null;
}

function ofImage(
  flavour: Exclude<IngressFlavour, "plain">,
  words: readonly string[],
  namespace: string,
): IngressController {
  const flag = (name: string): string | null => flagOf(words, name);
  switch (flavour) {
    case "ingress-nginx": {
      const fixed = flag("publish-status-address");
      return {
        flavour,
        controller: flag("controller-class") ?? "k8s.io/ingress-nginx",
        className: flag("ingress-class") ?? "nginx",
        classless: flag("watch-ingress-without-class") === "true",
        namespace: flag("watch-namespace"),
        publish:
          flag("update-status") === "false"
            ? { from: "nowhere" }
            : (publishService(flag("publish-service"), namespace) ??
              (fixed === null ? { from: "nodes" } : { from: "addresses", addresses: fixed.split(",") })),
      };
    }
    case "nginx":
      return {
        flavour,
        controller: "nginx.org/ingress-controller",
        className: flag("ingress-class") ?? "nginx",
        classless: false,
        namespace: flag("watch-namespace"),
        publish:
          flag("report-ingress-status") === null
            ? { from: "nowhere" }
            : (publishService(flag("external-service"), namespace) ?? { from: "nowhere" }),
      };
    case "traefik": {
      const own = flag("providers.kubernetesingress.ingressclass");
      const ip = flag("providers.kubernetesingress.ingressendpoint.ip");
      return {
        flavour,
        controller: "traefik.io/ingress-controller",
        className: own ?? "traefik",
        classless: own === null,
        namespace: null,
        publish:
          publishService(flag("providers.kubernetesingress.ingressendpoint.publishedservice"), namespace) ??
          (ip === null ? { from: "nowhere" } : { from: "addresses", addresses: [ip] }),
      };
    }
    case "haproxy": {
      const own = flag("ingress.class");
      return {
        flavour,
        controller: "haproxy.org/ingress-controller",
        className: own ?? "haproxy",
        classless: own === null || flag("empty-ingress-class") !== null,
        namespace: flag("namespace-whitelist"),
        publish: publishService(flag("publish-service"), namespace) ?? { from: "nowhere" },
      };
    }
  }
}

/** Is this Ingress the controller's? `classNamed` finds IngressClasses; one that is named and does not exist is nobody's. */
export function claimsIngress(
  controller: IngressController,
  ingress: Ingress,
  classNamed: (name: string) => IngressClass | undefined,
): boolean {
  const { metadata, spec } = ingress;
  if (controller.namespace !== null && metadata.namespace !== controller.namespace) return false;
  const annotated = metadata.annotations?.[INGRESS_CLASS_ANNOTATION];
  if (spec.ingressClassName !== undefined) {
    if (controller.controller === null) {
      return controller.className === null || spec.ingressClassName === controller.className;
    }
    return classNamed(spec.ingressClassName)?.spec.controller === controller.controller;
  }
  if (annotated !== undefined && annotated !== "") {
    return controller.className === null || annotated === controller.className;
  }
  return controller.classless;
}

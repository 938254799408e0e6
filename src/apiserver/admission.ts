/** What admission plugins add to new objects before they are validated. */
import { onceEach } from "../base/share.ts";
import {
  DEFAULT_CLASS_ANNOTATION,
  INGRESS_CLASS_ANNOTATION,
  type Ingress,
  type IngressClass,
} from "../model/ingress/types.ts";
import { addDefaultTolerations } from "../model/pod/defaults.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Stated } from "./strategy.ts";
import type { ObjectReader } from "./types.ts";

/** The newest default class, of equals the first by name. Source: plugin/pkg/admission/network/defaultingressclass. */
function withDefaultClass(ingress: Ingress, reader: ObjectReader): Ingress {
  if (ingress.spec.ingressClassName !== undefined) return ingress;
  if (ingress.metadata.annotations?.[INGRESS_CLASS_ANNOTATION] !== undefined) return ingress;
  const born = ({ metadata }: IngressClass): string => metadata.creationTimestamp ?? "";
  const [first] = reader
    .list<IngressClass>("IngressClass")
    .filter(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS_ANNOTATION] === "true")
    .sort((a, b) => (born(a) > born(b) ? -1 : born(a) < born(b) ? 1 : 0));
  if (first === undefined) return ingress;
  return { ...ingress, spec: { ...ingress.spec, ingressClassName: first.metadata.name } };
}

/** Source: plugin/pkg/admission/serviceaccount. Its token volume is left out: nobody here reads it. */
function withServiceAccount(pod: Pod): Pod {
  return pod.spec.serviceAccountName ? pod : { ...pod, spec: accountedSpecOf(pod.spec) };
}

const accountedSpecOf = onceEach(
  (spec: Pod["spec"]): Pod["spec"] =>
    ({ ...spec, serviceAccountName: "default", serviceAccount: "default" }) as Pod["spec"],
);

/** The object as admission leaves it. */
export function admit(object: Stated, reader: ObjectReader): Stated {
  switch (object.kind) {
    case "Pod":
      return addDefaultTolerations(withServiceAccount(object as Pod));
    case "Ingress":
      return withDefaultClass(object as Ingress, reader);
    default:
      return object;
  }
}

import type { Ingress, IngressClass } from "./types.ts";

export function defaultIngress(ingress: Ingress): Ingress {
  return {
    ...ingress,
    spec: ingress.spec ?? {},
    status: { ...ingress.status, loadBalancer: ingress.status?.loadBalancer ?? {} },
  };
}

/** Source: pkg/apis/networking/v1/defaults.go, SetDefaults_IngressClass. */
export function defaultIngressClass(ingressClass: IngressClass): IngressClass {
  const spec = ingressClass.spec ?? {};
  if (spec.parameters === undefined) return { ...ingressClass, spec };
  return {
    ...ingressClass,
    spec: { ...spec, parameters: { ...spec.parameters, scope: spec.parameters.scope ?? "Cluster" } },
  };
}

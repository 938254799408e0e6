import type { Service } from "../model/service/types.ts";

const quote = (text: string): string =>
  /^[a-z][a-z0-9./-]*$/i.test(text) && !/^(true|false|yes|no|on|off|null|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);

/** An image that really listens on the port: nginx for 80, else agnhost's netexec, which takes the port as a flag. */
function container(port: number): readonly string[] {
  if (port === 80) return ["          image: nginx:1.27"];
  return [
    "          image: registry.k8s.io/e2e-test-images/agnhost:2.53",
    `          args: [netexec, --http-port=${port}]`,
  ];
}

/**
 * A Deployment whose pods the Service would select and reach: "Add a Deployment that matches". Null when the Service has no
 * selector (nothing can match) or is an ExternalName.
 */
export function matchingDeployment(service: Service): string | null {
  const selector = Object.entries(service.spec.selector ?? {});
  if (selector.length === 0 || service.spec.type === "ExternalName") return null;
  const ports = service.spec.ports ?? [];
  // A named targetPort has no number until a container gives it one; 8080 is what people write.
  const numberOf = (target: number | string): number => (typeof target === "number" ? target : 8080);
  const first = ports[0];
  const lines = (indent: string): string[] => selector.map(([key, value]) => `${indent}${quote(key)}: ${quote(value)}`);
  const namespace = service.metadata.namespace ?? "default";
  const out = [
    "apiVersion: apps/v1",
    "kind: Deployment",
    "metadata:",
    `  name: ${quote(service.metadata.name)}`,
    ...(namespace === "default" ? [] : [`  namespace: ${quote(namespace)}`]),
    "spec:",
    "  replicas: 3",
    "  selector:",
    "    matchLabels:",
    ...lines("      "),
    "  template:",
    "    metadata:",
    "      labels:",
    ...lines("        "),
    "    spec:",
    "      containers:",
    "        - name: app",
    ...container(first === undefined ? 80 : numberOf(first.targetPort)),
  ];
  if (ports.length > 0) {
    out.push("          ports:");
    const seen = new Set<string>();
    for (const port of ports) {
      const number = numberOf(port.targetPort);
      const id = `${number}/${port.protocol}/${typeof port.targetPort === "string" ? port.targetPort : ""}`;
      if (seen.has(id)) continue;
      seen.add(id);
      out.push(`            - containerPort: ${number}`);
      if (typeof port.targetPort === "string") out.push(`              name: ${quote(port.targetPort)}`);
      if (port.protocol !== "TCP") out.push(`              protocol: ${port.protocol}`);
    }
  }
  return `${out.join("\n")}\n`;
}

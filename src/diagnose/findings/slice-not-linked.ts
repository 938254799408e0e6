/** Hand-made EndpointSlices that no Service finds, or that find no port of it. */
import { compareStrings } from "../../base/compare.ts";
import {
  ENDPOINTSLICE_CONTROLLER,
  type EndpointSlice,
  MANAGED_BY_LABEL,
  SERVICE_NAME_LABEL,
} from "../../model/endpointslice/types.ts";
import type { Endpoints } from "../../model/endpoints/types.ts";
import { keyOf, objectKey } from "../../model/meta/types.ts";
import { endpointsOf, serviceKey, serviceName } from "../endpoints.ts";
import { editDistance } from "../../base/edit-distance.ts";
import type { Case, Diagnoser, Suspicion } from "../types.ts";

/** Endpoints of the text, whose mirrored slice has the name that they give their port. */
function misnamedEndpoints({ target, objects, failed, isWritten }: Case): readonly Suspicion[] {
  const { service, port } = target;
  // Slices are mirrored for Services without a selector only.
  if (service === null || port === null || Object.keys(service.spec.selector ?? {}).length > 0) return [];
  const namespace = service.metadata.namespace ?? "default";
  const key = objectKey("Endpoints", namespace, service.metadata.name);
  const { subsets = [] } = objects.get<Endpoints>(key) ?? {};
  const wanted = port.name ?? "";
  const names = subsets.flatMap(({ ports = [] }) => ports.map(({ name }) => name ?? ""));
  const at = subsets.findIndex(({ addresses = [] }) => addresses.length > 0);
  if (!isWritten(key) || at < 0 || names.includes(wanted)) return [];
  const ports = subsets[at]?.ports ?? [];
  const index = Math.max(
    0,
    ports.findIndex((one) => (one.protocol ?? "TCP") === port.protocol),
  );
  const has = ports[index]?.name ?? "";
  const path = `subsets[${String(at)}].ports[${String(index)}].name`;
  return [
    {
      id: "SLICE-NOT-LINKED",
      severity: "error",
      hop: failed[0]?.end?.at ?? null,
      evidence: [
        { kind: "object", object: key, path, shows: has === "" ? "no name" : has },
        {
          kind: "object",
          object: serviceKey(service),
          path: "spec.ports",
          shows: wanted === "" ? "a port without a name" : `port ${wanted}`,
        },
      ],
      cause: `The port of Endpoints ${service.metadata.name} is named ${has === "" ? "nothing" : has} and the Service's ${wanted === "" ? "nothing" : wanted}: its mirrored EndpointSlice keeps the name, and kube-proxy joins them by it.`,
      remedies: [
        {
          title: wanted === "" ? "Leave the port name out" : `Name the port ${wanted}`,
          edits: [{ object: key, path, to: wanted === "" ? null : wanted }],
        },
      ],
      otherwise: "Named like the Service's port, the Endpoints would still not lead to something that answers.",
      command: `kubectl -n ${namespace} get endpoints ${service.metadata.name} -o yaml`,
    },
  ];
}

export const sliceNotLinked: Diagnoser = (given) => {
  const { target, objects, failed, isWritten } = given;
  const { service, port } = target;
  if (service === null || port === null || failed.length === 0) return [];
  const mirrored = misnamedEndpoints(given);
  if (mirrored.length > 0) return mirrored;
  const namespace = service.metadata.namespace ?? "default";
  const { name } = service.metadata;
  const written = objects.list<EndpointSlice>("EndpointSlice", namespace).filter((slice) => isWritten(keyOf(slice)));
  const linked = endpointsOf(objects, service).slices;
  const mine = written.filter((slice) => linked.some((one) => one.metadata.name === slice.metadata.name));
  // As its own controller writes it where no pod has the port that the Service names.
  const isControllers = ({ metadata, ports }: EndpointSlice): boolean =>
    metadata.labels?.[MANAGED_BY_LABEL] === ENDPOINTSLICE_CONTROLLER && (ports ?? []).length === 0;
  const misnamed = mine.find(
    (slice) =>
      !isControllers(slice) &&
      (slice.endpoints ?? []).length > 0 &&
      !(slice.ports ?? []).some((one) => (one.name ?? "") === (port.name ?? "")),
  );
  if (misnamed !== undefined) {
    const index = Math.max(
      0,
      (misnamed.ports ?? []).findIndex((one) => (one.protocol ?? "TCP") === port.protocol),
    );
    const has = misnamed.ports?.[index]?.name ?? "";
    return [
      {
        id: "SLICE-NOT-LINKED",
        severity: "error",
        hop: failed[0]?.end?.at ?? null,
        evidence: [
          {
            kind: "object",
            object: keyOf(misnamed),
            path: `ports[${String(index)}].name`,
            shows: has === "" ? "no name" : has,
          },
          {
            kind: "object",
            object: serviceKey(service),
            path: "spec.ports",
            shows: port.name === undefined ? "a port without a name" : `port ${port.name}`,
          },
        ],
        cause: `EndpointSlice ${misnamed.metadata.name} belongs to Service ${serviceName(service)}, but its port is named ${has === "" ? "nothing" : has} and the Service's ${port.name ?? "nothing"}: kube-proxy joins them by name.`,
        remedies: [
          {
            title: port.name === undefined ? "Leave the slice's port name out" : `Name the slice's port ${port.name}`,
            edits: [{ object: keyOf(misnamed), path: `ports[${String(index)}].name`, to: port.name ?? null }],
          },
        ],
        otherwise: "The slice has no port of this protocol.",
        command: `kubectl -n ${namespace} get endpointslice ${misnamed.metadata.name} -o yaml`,
      },
    ];
  }
  if (endpointsOf(objects, service).ready > 0) return [];
  const candidate = written
    .filter((slice) => !mine.includes(slice) && (slice.endpoints ?? []).length > 0)
    .filter((slice) =>
      objects
        .list("Service", namespace)
        .every((one) => one.metadata.name !== slice.metadata.labels?.[SERVICE_NAME_LABEL]),
    )
    .sort(
      (a, b) =>
        editDistance(a.metadata.name, name) - editDistance(b.metadata.name, name) ||
        compareStrings(a.metadata.name, b.metadata.name),
    )[0];
  if (candidate === undefined) return [];
  const label = candidate.metadata.labels?.[SERVICE_NAME_LABEL];
  return [
    {
      id: "SLICE-NOT-LINKED",
      severity: "error",
      hop: failed[0]?.end?.at ?? null,
      evidence: [
        {
          kind: "object",
          object: keyOf(candidate),
          path: label === undefined ? "metadata" : `metadata.labels[${SERVICE_NAME_LABEL}]`,
          shows: label === undefined ? `no label ${SERVICE_NAME_LABEL}` : `${SERVICE_NAME_LABEL}=${label}`,
        },
      ],
      cause: `EndpointSlice ${candidate.metadata.name} is not tied to Service ${serviceName(service)}: its label ${SERVICE_NAME_LABEL} is ${label === undefined ? "missing" : label}, and nothing but that label ties it, its name does not.`,
      remedies: [
        {
          title: `Label it ${SERVICE_NAME_LABEL}=${name}`,
          edits: [{ object: keyOf(candidate), path: `metadata.labels[${SERVICE_NAME_LABEL}]`, to: name }],
        },
      ],
      otherwise: "Tied to the Service, the slice would still not lead to something that answers.",
      command: `kubectl -n ${namespace} get endpointslices -l ${SERVICE_NAME_LABEL}=${name}`,
    },
  ];
};

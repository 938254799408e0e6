import { describe, expect, test } from "vitest";
import { decode, refusalText } from "./decode.ts";
import { kindInfo, type KindInfo } from "./kinds.ts";

const info = (apiVersion: string, kind: string): KindInfo => {
  const found = kindInfo(apiVersion, kind);
  if (found === undefined) throw new Error(`no kind ${kind}`);
  return found;
};
const service = info("v1", "Service");
const deployment = info("apps/v1", "Deployment");
const pod = info("v1", "Pod");

const refusal = (kind: KindInfo, value: unknown): string => {
  const { object, problems } = decode(value, kind);
  expect(object).toBeNull();
  return refusalText(kind, problems);
};

describe("strict decoding in the server's words", () => {
  test.each<[string, KindInfo, unknown, string]>([
    [
      "one unknown field",
      service,
      { spec: { selectr: { app: "web" } } },
      'Service in version "v1" cannot be handled as a Service: strict decoding error: unknown field "spec.selectr"',
    ],
    [
      "several, in the order of sorted keys",
      service,
      { spec: { portss: [], ports: [{ port: 80, tragetPort: 1 }] }, extra: 1 },
      'Service in version "v1" cannot be handled as a Service: strict decoding error: unknown field "extra", unknown field "spec.ports[0].tragetPort", unknown field "spec.portss"',
    ],
    [
      "a field of the template",
      deployment,
      { spec: { template: { spec: { containers: [{ name: "a", port: [] }] } } } },
      'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.template.spec.containers[0].port"',
    ],
    [
      "case matters",
      service,
      { Spec: {} },
      'Service in version "v1" cannot be handled as a Service: strict decoding error: unknown field "Spec"',
    ],
    [
      "names of Object.prototype are unknown too",
      service,
      { spec: { constructor: 1 } },
      'Service in version "v1" cannot be handled as a Service: strict decoding error: unknown field "spec.constructor"',
    ],
    [
      "a string for a number",
      service,
      { spec: { ports: [{ port: "80" }] } },
      'Service in version "v1" cannot be handled as a Service: json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32',
    ],
    [
      "a type error outdoes unknown fields",
      service,
      { spec: { ports: [{ port: "80" }], aaa: 1 } },
      'Service in version "v1" cannot be handled as a Service: json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32',
    ],
    [
      "a bool as a label value",
      pod,
      { metadata: { labels: { on: true } } },
      'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      "a fraction",
      deployment,
      { spec: { replicas: 1.5 } },
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      "a number beyond int32",
      service,
      { spec: { ports: [{ port: 4294967296 }] } },
      'Service in version "v1" cannot be handled as a Service: json: cannot unmarshal number 4294967296 into Go struct field ServicePort.spec.ports.port of type int32',
    ],
    [
      "an object for a list",
      service,
      { spec: { ports: { port: 80 } } },
      'Service in version "v1" cannot be handled as a Service: json: cannot unmarshal object into Go struct field ServiceSpec.spec.ports of type []v1.ServicePort',
    ],
    [
      "a number for a named string",
      service,
      { spec: { type: 5 } },
      'Service in version "v1" cannot be handled as a Service: json: cannot unmarshal number into Go struct field ServiceSpec.spec.type of type v1.ServiceType',
    ],
    [
      "a list for a map",
      service,
      { spec: { selector: ["app"] } },
      'Service in version "v1" cannot be handled as a Service: json: cannot unmarshal array into Go struct field ServiceSpec.spec.selector of type map[string]string',
    ],
    [
      "a bool as int or string",
      service,
      { spec: { ports: [{ port: 1, targetPort: true }] } },
      'Service in version "v1" cannot be handled as a Service: json: cannot unmarshal bool into Go struct field ServicePort.spec.ports.targetPort of type int32',
    ],
    [
      "a bad quantity",
      pod,
      { spec: { containers: [{ name: "a", resources: { limits: { cpu: "lots" } } }] } },
      "Pod in version \"v1\" cannot be handled as a Pod: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
  ])("%s", (_, kind, value, message) => {
    expect(refusal(kind, value)).toBe(message);
  });

  test("known names are offered", () => {
    const { problems } = decode({ spec: { selectr: {} } }, service);
    expect(problems[0]?.known).toContain("selector");
    expect(problems[0]?.steps).toEqual(["spec", "selectr"]);
  });
});

describe("null and empty values", () => {
  test("null is absence, empty lists, maps and zero values are not stored", () => {
    const { object } = decode(
      {
        metadata: { name: "web", creationTimestamp: null, labels: {} },
        spec: { selector: null, ports: [], clusterIP: "", externalIPs: null, publishNotReadyAddresses: false },
      },
      service,
    );
    expect(object).toEqual({ apiVersion: "v1", kind: "Service", metadata: { name: "web" }, spec: {} });
  });

  test("pointers and required members keep their zero", () => {
    const { object } = decode({ metadata: { name: "a" }, spec: { replicas: 0, selector: {} } }, deployment);
    expect(object).toMatchObject({ spec: { replicas: 0, selector: {} } });
  });

  test("what a cluster printed is accepted", () => {
    const { object, problems } = decode(
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: {
          name: "web",
          uid: "u",
          resourceVersion: "7",
          creationTimestamp: "2026-11-20T21:03:44Z",
          managedFields: [{ manager: "kubectl", operation: "Update", fieldsV1: { "f:spec": {} } }],
        },
        spec: { ports: [{ port: 80, protocol: "TCP", targetPort: 80 }], clusterIP: "10.96.0.50" },
        status: { loadBalancer: {} },
      },
      service,
    );
    expect(problems).toEqual([]);
    expect(object).toMatchObject({ status: { loadBalancer: {} }, metadata: { uid: "u" } });
  });

  test("kept kinds are taken as they are", () => {
    const value = { apiVersion: "v1", kind: "Secret", metadata: { name: "c" }, data: { a: "" }, whatever: 1 };
    expect(decode(value, info("v1", "Secret")).object).toEqual(value);
  });
});

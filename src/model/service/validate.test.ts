import { describe, expect, test } from "vitest";
import { applyDefaults } from "../defaults.ts";
import type { KubeObject } from "../meta/types.ts";
import type { Cause } from "../status.ts";
import { validateCreate, validateUpdate } from "../validate.ts";
import type { Service } from "./types.ts";

/** A Service as decoded: spec parts on top of a good port. */
function service(spec: object, metadata: object = {}): Service {
  const raw = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: "default", ...metadata },
    spec: { ports: [{ port: 80 }], ...spec },
  };
  return applyDefaults(raw as unknown as Service);
}

const texts = (causes: readonly Cause[]): readonly string[] =>
  causes.map((cause) => `${cause.field}: ${cause.message}`);
const refused = (object: KubeObject, relaxed = false): readonly string[] =>
  texts(validateCreate(object, { relaxedServiceNames: relaxed }));

const LABEL_1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const LABEL_1123 =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const VALID_IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

describe("names", () => {
  test("an RFC 1035 label up to 1.35", () => {
    expect(refused(service({}, { name: "1web" }))).toEqual([`metadata.name: Invalid value: "1web": ${LABEL_1035}`]);
    expect(refused(service({}, { name: "a".repeat(64) }))).toEqual([
      `metadata.name: Invalid value: "${"a".repeat(64)}": must be no more than 63 characters`,
    ]);
  });

  test("an RFC 1123 label when relaxed", () => {
    expect(refused(service({}, { name: "1web" }), true)).toEqual([]);
    expect(refused(service({}, { name: "Web" }), true)).toEqual([`metadata.name: Invalid value: "Web": ${LABEL_1123}`]);
    expect(refused(service({}, { name: "a.b" }), true)).toEqual([
      'metadata.name: Invalid value: "a.b": must not contain dots',
    ]);
  });

  test("missing", () => {
    expect(refused(service({}, { name: "" }))).toEqual([
      "metadata.name: Required value: name or generateName is required",
    ]);
    expect(refused(service({}, { name: "", generateName: "web-" }))).toEqual([]);
  });
});

describe("spec", () => {
  test.each<[string, object, readonly string[]]>([
    ["good", {}, []],
    ["no ports", { ports: undefined }, ["spec.ports: Required value"]],
    ["headless without ports", { ports: undefined, clusterIP: "None", clusterIPs: ["None"] }, []],
    [
      "two ports unnamed",
      { ports: [{ port: 80 }, { port: 443 }] },
      ["spec.ports[0].name: Required value", "spec.ports[1].name: Required value"],
    ],
    [
      "port names twice",
      {
        ports: [
          { name: "http", port: 80 },
          { name: "http", port: 443 },
        ],
      },
      ['spec.ports[1].name: Duplicate value: "http"'],
    ],
    [
      "port missing",
      { ports: [{ targetPort: 8080 }] },
      ["spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"],
    ],
    [
      "port too high",
      { ports: [{ port: 70000, targetPort: 80 }] },
      ["spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive"],
    ],
    [
      "protocol",
      { ports: [{ port: 80, protocol: "HTTP" }] },
      ['spec.ports[0].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"'],
    ],
    [
      "targetPort number",
      { ports: [{ port: 80, targetPort: 70000 }] },
      ["spec.ports[0].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive"],
    ],
    [
      "targetPort name, one cause per broken rule",
      { ports: [{ port: 80, targetPort: "-12--34567890123_" }] },
      [
        'spec.ports[0].targetPort: Invalid value: "-12--34567890123_": must be no more than 15 characters',
        'spec.ports[0].targetPort: Invalid value: "-12--34567890123_": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
        'spec.ports[0].targetPort: Invalid value: "-12--34567890123_": must contain at least one letter (a-z)',
        'spec.ports[0].targetPort: Invalid value: "-12--34567890123_": must not contain consecutive hyphens',
        'spec.ports[0].targetPort: Invalid value: "-12--34567890123_": must not begin or end with a hyphen',
      ],
    ],
    [
      "the same port twice",
      {
        ports: [
          { name: "a", port: 80 },
          { name: "b", port: 80 },
        ],
      },
      [
        'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
      ],
    ],
    [
      "the same port of two protocols",
      {
        ports: [
          { name: "a", port: 53 },
          { name: "b", port: 53, protocol: "UDP" },
        ],
      },
      [],
    ],
    [
      "the same node port twice",
      {
        type: "NodePort",
        ports: [
          { name: "a", port: 80, nodePort: 30080 },
          { name: "b", port: 81, nodePort: 30080 },
        ],
      },
      ["spec.ports[1].nodePort: Duplicate value: 30080"],
    ],
    [
      "nodePort with ClusterIP",
      { ports: [{ port: 80, nodePort: 30080 }] },
      ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    ],
    [
      "type",
      { type: "Foo" },
      [
        'spec.type: Unsupported value: "Foo": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
      ],
    ],
    [
      "headless NodePort",
      { type: "NodePort", clusterIP: "None" },
      ["spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services"],
    ],
    [
      "headless LoadBalancer",
      { type: "LoadBalancer", clusterIP: "None" },
      ["spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for LoadBalancer services"],
    ],
    ["ExternalName without a name", { type: "ExternalName", ports: undefined }, ["spec.externalName: Required value"]],
    [
      "ExternalName with addresses",
      {
        type: "ExternalName",
        externalName: "db.example.com.",
        clusterIP: "10.96.0.9",
        ipFamilies: ["IPv4"],
        ipFamilyPolicy: "SingleStack",
      },
      [
        "spec.clusterIPs: Forbidden: may not be set for ExternalName services",
        "spec.ipFamilies: Forbidden: may not be set for ExternalName services",
        "spec.ipFamilyPolicy: Forbidden: may not be set for ExternalName services",
      ],
    ],
    [
      "affinity",
      { sessionAffinity: "Cookie" },
      ['spec.sessionAffinity: Unsupported value: "Cookie": supported values: "ClientIP", "None"'],
    ],
    [
      "affinity timeout",
      { sessionAffinity: "ClientIP", sessionAffinityConfig: { clientIP: { timeoutSeconds: 90000 } } },
      [
        "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 90000: must be greater than 0 and less than 86400",
      ],
    ],
    [
      "86400 itself",
      { sessionAffinity: "ClientIP", sessionAffinityConfig: { clientIP: { timeoutSeconds: 86400 } } },
      [],
    ],
    ["config with None is dropped first", { sessionAffinityConfig: { clientIP: { timeoutSeconds: 5 } } }, []],
    [
      "externalTrafficPolicy inside",
      { externalTrafficPolicy: "Local" },
      ['spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services'],
    ],
    ["externalTrafficPolicy with externalIPs", { externalTrafficPolicy: "Local", externalIPs: ["198.51.100.7"] }, []],
    [
      "bad policies",
      { type: "NodePort", externalTrafficPolicy: "X", internalTrafficPolicy: "Y" },
      [
        'spec.externalTrafficPolicy: Unsupported value: "X": supported values: "Cluster", "Local"',
        'spec.internalTrafficPolicy: Unsupported value: "Y": supported values: "Cluster", "Local"',
      ],
    ],
    [
      "healthCheckNodePort out of place",
      { type: "NodePort", externalTrafficPolicy: "Local", healthCheckNodePort: 30001 },
      [
        "spec.healthCheckNodePort: Invalid value: 30001: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
      ],
    ],
    [
      "source ranges",
      { loadBalancerSourceRanges: ["10.0.0.0/8"] },
      ["spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'"],
    ],
    ["source ranges may be padded", { type: "LoadBalancer", loadBalancerSourceRanges: [" 10.0.0.0/8 "] }, []],
    [
      "source range with host bits",
      { type: "LoadBalancer", loadBalancerSourceRanges: ["10.0.0.1/8"] },
      [
        'spec.LoadBalancerSourceRanges[0]: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length',
      ],
    ],
    [
      "load balancer fields elsewhere",
      { allocateLoadBalancerNodePorts: true, loadBalancerClass: "x/y" },
      [
        "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
        "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
      ],
    ],
    ["externalIP", { externalIPs: ["foo"] }, [`spec.externalIPs[0]: Invalid value: "foo": ${VALID_IP}`]],
    [
      "externalIP loopback",
      { externalIPs: ["127.0.0.1", "0.0.0.0", "169.254.1.1", "224.0.0.1", "239.1.1.1", "010.0.0.1"] },
      [
        'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
        'spec.externalIPs[1]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)',
        'spec.externalIPs[2]: Invalid value: "169.254.1.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
        'spec.externalIPs[3]: Invalid value: "224.0.0.1": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
        'spec.externalIPs[5]: Invalid value: "010.0.0.1": must not have leading 0s',
      ],
    ],
    ["clusterIP syntax", { clusterIP: "10.96.0" }, [`spec.clusterIPs[0]: Invalid value: "10.96.0": ${VALID_IP}`]],
    [
      "None among others",
      { clusterIP: "10.96.0.1", clusterIPs: ["10.96.0.1", "None"] },
      [`spec.clusterIPs: Invalid value: ["10.96.0.1","None"]: 'None' must be the first and only value`],
    ],
    [
      "three addresses",
      { clusterIP: "10.96.0.1", clusterIPs: ["10.96.0.1", "fd00::1", "10.96.0.2"] },
      [
        'spec.clusterIPs: Invalid value: ["10.96.0.1","fd00::1","10.96.0.2"]: may only hold up to 2 values',
        'spec.clusterIPs: Invalid value: ["10.96.0.1","fd00::1","10.96.0.2"]: may specify no more than one IP for each IP family',
      ],
    ],
    [
      "selector",
      { selector: { "-a": "b c" } },
      [
        "spec.selector: Invalid value: \"-a\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        "spec.selector: Invalid value: \"b c\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
      ],
    ],
  ])("%s", (_, spec, expected) => {
    expect(refused(service(spec))).toEqual(expected);
  });
});

describe("updates", () => {
  const before = service({ clusterIP: "10.96.0.50", clusterIPs: ["10.96.0.50"], ipFamilies: ["IPv4"] });
  const after = (spec: object): readonly string[] => texts(validateUpdate(service(spec), before));

  test.each<[string, object, readonly string[]]>([
    ["nothing", { clusterIP: "10.96.0.50", clusterIPs: ["10.96.0.50"] }, []],
    [
      "another address",
      { clusterIP: "10.96.0.77", clusterIPs: ["10.96.0.77"] },
      ['spec.clusterIPs[0]: Invalid value: ["10.96.0.77"]: may not change once set'],
    ],
    [
      "to headless",
      { clusterIP: "None", clusterIPs: ["None"] },
      ['spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set'],
    ],
    ["to ExternalName", { type: "ExternalName", externalName: "a.example.com", ports: undefined }, []],
    ["ports and selector", { clusterIP: "10.96.0.50", selector: { a: "b" }, ports: [{ port: 81 }] }, []],
  ])("%s", (_, spec, expected) => {
    expect(after(spec)).toEqual(expected);
  });

  test("healthCheckNodePort and loadBalancerClass stay", () => {
    const lb = { type: "LoadBalancer", externalTrafficPolicy: "Local" };
    expect(
      texts(
        validateUpdate(
          service({ ...lb, healthCheckNodePort: 30002, loadBalancerClass: "a/b" }),
          service({ ...lb, healthCheckNodePort: 30001 }),
        ),
      ),
    ).toEqual([
      'spec.loadBalancerClass: Invalid value: "a/b": may not change once set',
      "spec.healthCheckNodePort: Forbidden: field is immutable",
    ]);
  });
});

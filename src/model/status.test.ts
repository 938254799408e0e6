import { describe, expect, test } from "vitest";
import * as status from "./status.ts";

describe("causes", () => {
  test.each([
    [status.required("spec.ports"), "Required value"],
    [
      status.required("metadata.name", "name or generateName is required"),
      "Required value: name or generateName is required",
    ],
    [status.invalid("f", 'a"b', "why"), 'Invalid value: "a\\"b": why'],
    [status.invalid("f", 0, "why"), "Invalid value: 0: why"],
    [status.invalid("f", ["10.96.0.10"], "why"), 'Invalid value: ["10.96.0.10"]: why'],
    [
      status.notSupported("f", "HTTP", ["TCP", "UDP", "SCTP"]),
      'Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"',
    ],
    [status.forbidden("f", "why"), "Forbidden: why"],
    [status.duplicate("f", 30080), "Duplicate value: 30080"],
    [status.tooLong("f", 63), "Too long: may not be more than 63 bytes"],
    [status.tooMany("f", 3, 2), "Too many: 3: must have at most 2 items"],
  ])("%o", (cause, message) => {
    expect(cause.message).toBe(message);
  });
});

describe("status", () => {
  const name = status.required("spec.ports[0].name");
  const second = status.required("spec.ports[1].name");

  test("one cause stands on the line of the subject", () => {
    expect(status.kubectlText(status.invalidStatus("Service", "web", [name]))).toBe(
      'The Service "web" is invalid: spec.ports[0].name: Required value',
    );
  });

  test("several causes are listed, equal ones once, with kubectl's trailing blank", () => {
    expect(status.kubectlText(status.invalidStatus("Service", "web", [name, second, name]))).toBe(
      'The Service "web" is invalid: \n* spec.ports[0].name: Required value\n* spec.ports[1].name: Required value',
    );
  });

  test("the raw message qualifies the kind and joins causes in brackets", () => {
    expect(status.invalidStatus("Deployment", "web", [name, second]).message).toBe(
      'Deployment.apps "web" is invalid: [spec.ports[0].name: Required value, spec.ports[1].name: Required value]',
    );
    expect(status.invalidStatus("Service", "web", [name]).message).toBe(
      'Service "web" is invalid: spec.ports[0].name: Required value',
    );
  });

  test.each([
    [status.notFound("Service", "web"), 404, 'Error from server (NotFound): services "web" not found'],
    [status.notFound("Deployment", "x"), 404, 'Error from server (NotFound): deployments.apps "x" not found'],
    [status.alreadyExists("Service", "web"), 409, 'Error from server (AlreadyExists): services "web" already exists'],
    [
      status.conflict("Service", "web"),
      409,
      'Error from server (Conflict): Operation cannot be fulfilled on services "web": the object has been modified; please apply your changes to the latest version and try again',
    ],
    [
      status.namespaceTerminating("Service", "x", "demo"),
      403,
      'Error from server (Forbidden): services "x" is forbidden: unable to create new content in namespace demo because it is being terminated',
    ],
    [
      status.internalError('failed to allocate a serviceIP for Service "x": range is full'),
      500,
      'Error from server (InternalError): Internal error occurred: failed to allocate a serviceIP for Service "x": range is full',
    ],
  ])("%#", (answer, code, text) => {
    expect(answer.code).toBe(code);
    expect(status.kubectlText(answer)).toBe(text);
  });

  test("the file is named, except for Invalid", () => {
    const source = { verb: "creating", file: "svc.yaml" };
    expect(status.kubectlText(status.alreadyExists("Service", "web"), source)).toBe(
      'Error from server (AlreadyExists): error when creating "svc.yaml": services "web" already exists',
    );
    expect(status.kubectlText(status.invalidStatus("Service", "web", [name]), source)).not.toContain("svc.yaml");
  });
});

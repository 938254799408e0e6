/** Source: pkg/apis/core/validation/validation.go: ValidateEnv, validateLifecycle, validatePodDNSConfig, ValidateTolerations. */
import { validateIP } from "../ip-validate.ts";
import { labelKeyProblems, labelValueProblems, portNameProblems, portNumberProblems } from "../names.ts";
import { type Cause, forbidden, invalid, notSupported, required } from "../status.ts";
import type { Container, LifecycleHandler, PodSpec } from "./types.ts";

const SOURCES = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"] as const;
const ENV_NAME =
  "a valid environment variable name must consist only of printable ASCII characters other than '=' (e.g. 'my-name',  or 'MY.NAME',  or 'my_name', regex used for validation is '[ -<>-~]+')";
const FIELD_PATHS: ReadonlySet<string> = new Set([
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
]);

export function validateEnv(container: Container, field: string): readonly Cause[] {
  const causes: Cause[] = [];
  for (const [i, variable] of (container.env ?? []).entries()) {
    const at = `${field}.env[${i}]`;
    const name = (variable.name as string | undefined) ?? "";
    if (name === "") causes.push(required(`${at}.name`));
    else if (!/^[ -<>-~]+$/.test(name)) causes.push(invalid(`${at}.name`, name, ENV_NAME));
    const from = variable.valueFrom as Readonly<Record<string, unknown>> | undefined;
    if (from === undefined) continue;
    const given = SOURCES.filter((source) => from[source] !== undefined);
    const source = `${at}.valueFrom`;
    if (given.length === 0)
      causes.push(
        invalid(source, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"),
      );
    else if ((variable.value ?? "") !== "")
      causes.push(invalid(source, "", "may not be specified when `value` is not empty"));
    else if (given.length > 1) causes.push(invalid(source, "", "may not have more than one field specified at a time"));
    const path = variable.valueFrom?.fieldRef?.fieldPath;
    if (variable.valueFrom?.fieldRef !== undefined) {
      const known =
        path !== undefined && (FIELD_PATHS.has(path) || /^metadata\.(labels|annotations)\['.+'\]$/.test(path));
      if ((path ?? "") === "") causes.push(required(`${source}.fieldRef.fieldPath`));
      else if (!known) causes.push(notSupported(`${source}.fieldRef.fieldPath`, path, [...FIELD_PATHS]));
    }
    for (const kind of ["configMapKeyRef", "secretKeyRef"] as const) {
      const reference = variable.valueFrom?.[kind];
      if (reference !== undefined && ((reference.key as string | undefined) ?? "") === "")
        causes.push(required(`${source}.${kind}.key`));
    }
  }
  return causes;
}

function validateHandler(handler: LifecycleHandler, field: string, grace: number | undefined): readonly Cause[] {
  const causes: Cause[] = [];
  const given = (["exec", "httpGet", "tcpSocket", "sleep"] as const).filter((name) => handler[name] !== undefined);
  for (const extra of given.slice(1)) {
    causes.push(forbidden(`${field}.${extra}`, "may not specify more than 1 handler type"));
  }
  switch (given[0]) {
    case undefined:
      return [required(field, "must specify a handler type")];
    case "exec":
      if ((handler.exec?.command?.length ?? 0) === 0) causes.push(required(`${field}.exec.command`));
      break;
    case "httpGet":
    case "tcpSocket": {
      const name = given[0];
      const port = handler[name]?.port ?? 0;
      const problems = typeof port === "number" ? portNumberProblems(port) : portNameProblems(port);
      for (const problem of problems) causes.push(invalid(`${field}.${name}.port`, port, problem));
      break;
    }
    case "sleep": {
      const seconds = (handler.sleep?.seconds as number | undefined) ?? 0;
      if (grace !== undefined && (seconds < 0 || seconds > grace)) {
        const why = `must be non-negative and less than terminationGracePeriodSeconds (${grace})`;
        causes.push(invalid(`${field}.sleep`, seconds, why));
      }
      break;
    }
  }
  return causes;
}

export function validateLifecycle(
  lifecycle: Container["lifecycle"],
  field: string,
  grace: number | undefined,
): readonly Cause[] {
  return (["postStart", "preStop"] as const).flatMap((when) => {
    const handler = lifecycle?.[when];
    return handler === undefined ? [] : validateHandler(handler, `${field}.${when}`, grace);
  });
}

const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;
const MAX_SEARCH_LENGTH = 2048;

export function validateDns({ dnsPolicy, dnsConfig }: PodSpec, field: string): readonly Cause[] {
  const causes: Cause[] = [];
  const at = `${field}.dnsConfig`;
  const nameservers = dnsConfig?.nameservers ?? [];
  if (dnsPolicy === "None") {
    if (dnsConfig === undefined) return [required(at, "must provide `dnsConfig` when `dnsPolicy` is None")];
    if (nameservers.length === 0) {
      causes.push(required(`${at}.nameservers`, "must provide at least one DNS nameserver when `dnsPolicy` is None"));
    }
  }
  if (dnsConfig === undefined) return causes;
  if (nameservers.length > MAX_NAMESERVERS) {
    causes.push(invalid(`${at}.nameservers`, nameservers, `must not have more than ${MAX_NAMESERVERS} nameservers`));
  }
  for (const [i, ip] of nameservers.entries()) causes.push(...validateIP(ip, `${at}.nameservers[${i}]`));
  const searches = dnsConfig.searches ?? [];
  if (searches.length > MAX_SEARCHES) {
    causes.push(invalid(`${at}.searches`, searches, `must not have more than ${MAX_SEARCHES} search paths`));
  }
  if (searches.join(" ").length > MAX_SEARCH_LENGTH) {
    const why = `must not have more than ${MAX_SEARCH_LENGTH} characters (including spaces) in the search list`;
    causes.push(invalid(`${at}.searches`, searches, why));
  }
  for (const [i, option] of (dnsConfig.options ?? []).entries()) {
    if ((option.name ?? "") === "") causes.push(required(`${at}.options[${i}]`, "must not be empty"));
  }
  return causes;
}

const EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

export function validateTolerations({ tolerations }: PodSpec, field: string): readonly Cause[] {
  const causes: Cause[] = [];
  for (const [i, toleration] of (tolerations ?? []).entries()) {
    const at = `${field}.tolerations[${i}]`;
    const { key = "", value = "", effect = "", tolerationSeconds } = toleration;
    const operator = toleration.operator as string | undefined;
    // The server prints its own struct, which has Go's names.
    const shown = {
      Key: key,
      Operator: operator,
      Value: value,
      Effect: effect,
      TolerationSeconds: tolerationSeconds ?? null,
    };
    if (key !== "") for (const problem of labelKeyProblems(key)) causes.push(invalid(`${at}.key`, key, problem));
    if (key === "" && operator !== "Exists") {
      const why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      causes.push(invalid(`${at}.operator`, operator ?? "", why));
    }
    if (tolerationSeconds !== undefined && effect !== "NoExecute") {
      causes.push(invalid(`${at}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
    }
    if (operator === undefined || operator === "Equal" || operator === "") {
      for (const problem of labelValueProblems(value)) causes.push(invalid(`${at}.operator`, value, problem));
    } else if (operator === "Exists") {
      if (value !== "")
        causes.push(invalid(`${at}.operator`, shown, "value must be empty when `operator` is 'Exists'"));
    } else causes.push(notSupported(`${at}.operator`, operator, ["Equal", "Exists"]));
    if (effect !== "" && !EFFECTS.includes(effect)) causes.push(notSupported(`${at}.effect`, effect, EFFECTS));
  }
  return causes;
}

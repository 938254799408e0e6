/** A text that the API server has refused for a node port: what it said, and the node port that it takes. */
import { applyFieldEdits, valueAt } from "../manifest/field-edits.ts";
import { parsePath } from "../manifest/locate.ts";
import type { ManifestDocument } from "../manifest/document.ts";
import type { JsonValue } from "../base/json.ts";
import type { Diagnostic } from "../model/trace/diagnostic.ts";
import type { FieldEdit, Finding, Fix } from "../model/trace/finding.ts";
import { objectKey, splitKey } from "../model/meta/types.ts";
import type { Service } from "../model/service/types.ts";
import type { Request } from "../model/trace/types.ts";
import type { Session } from "./commands.ts";
import type { Cluster } from "./simulation.ts";

/** One port of one Service that the server does not take, and what it says. */
interface Rejected {
  readonly diagnostic: Diagnostic;
  readonly document: ManifestDocument;
  readonly path: string;
  readonly port: number;
  /** Is a node port not allowed at all with this type? */
  readonly isForbidden: boolean;
}

const NODE_PORT = /^(spec\.ports\[\d+\]\.nodePort): (Invalid value|Duplicate value|Forbidden)/;

function rejectedIn(session: Session): readonly Rejected[] {
  const { manifest } = session.cluster.scenario(session.text);
  return session.report.diagnostics.flatMap((diagnostic): readonly Rejected[] => {
    const match = diagnostic.severity === "error" ? NODE_PORT.exec(diagnostic.message) : null;
    const document = manifest.documents[diagnostic.document];
    const path = match?.[1];
    if (path === undefined || document === undefined) return [];
    const port = Number(valueAt(document.value, parsePath(path)));
    return [{ diagnostic, document, path, port, isForbidden: match?.[2] === "Forbidden" }];
  });
}

/** Node ports that the text names. */
function named(documents: readonly ManifestDocument[]): ReadonlySet<number> {
  return new Set(
    documents.flatMap(({ value }) => {
      const ports = valueAt(value, ["spec", "ports"]);
      return Array.isArray(ports) ? ports.flatMap((one) => valueAt(one, ["nodePort"]) as number) : [];
    }),
  );
}

/** Numbers that may be meant, the likeliest first: the one that is dialled, one with the same last digits, the next one that is free. */
function candidates(
  port: number,
  dialled: number,
  used: ReadonlySet<number>,
  range: { readonly from: number; readonly to: number },
): readonly number[] {
  const isFree = (one: number): boolean => one >= range.from && one <= range.to && !used.has(one);
  const next = Array.from({ length: 50 }, (_, i) => port + 1 + i).find(isFree);
  const first = Array.from({ length: 200 }, (_, i) => range.from + i).find(isFree);
  const wanted = [dialled, range.from + (port % 1000), next, first].filter((one) => one !== undefined);
  return [...new Set(wanted.filter((one) => isFree(one)))];
}

const numberIn = (to: string): number => Number(/:(\d+)(?:\/|$)/.exec(to)?.[1] ?? 0);

export interface Proving {
  /** The history with this text in the place of its last one; null when it is refused too. */
  startedWith(text: string): Cluster | null;
  /** How many endpoints the request reaches on how many branches; null when not all arrive, or it cannot be sent. */
  reached(cluster: Cluster, text: string, request: Request): string | null;
}

function fixOf(
  session: Session,
  all: readonly Rejected[],
  request: Request,
  { startedWith, reached }: Proving,
): Fix | null {
  const { manifest, cluster } = session.cluster.scenario(session.text);
  const used = named(manifest.documents.filter(({ kind }) => kind === "Service"));
  const dialled = numberIn(request.to);
  const taken = new Set(used);
  const others = all.map(({ port, isForbidden }) => {
    const one = isForbidden ? undefined : candidates(port, dialled, taken, cluster.nodePortRange)[0];
    if (one !== undefined) taken.add(one);
    return one ?? null;
  });
  const edit = ({ document, path, port }: Rejected, to: JsonValue): FieldEdit => ({
    document: document.index,
    path,
    from: port,
    to,
  });
  const types = all.filter(({ isForbidden, port }) => isForbidden && port === dialled);
  const ways: readonly { readonly title: string; readonly edits: readonly FieldEdit[] }[] = [
    ...(types.length === 0
      ? []
      : [
          {
            title: "Make it type NodePort",
            edits: types.map(({ document }) => ({
              document: document.index,
              path: "spec.type",
              from: (valueAt(document.value, ["spec", "type"]) as string | undefined) ?? null,
              to: "NodePort",
            })),
          },
        ]),
    ...(others.every((one) => one !== null)
      ? [{ title: `Use node port ${others.join(", ")}`, edits: all.map((one, i) => edit(one, others[i] ?? null)) }]
      : []),
    { title: "Leave the node port to the API server", edits: all.map((one) => edit(one, null)) },
  ];
  for (const { title, edits } of ways) {
    const text = applyFieldEdits(session.text, edits);
    const fork = text === null ? null : startedWith(text);
    if (fork === null || text === null) continue;
    const given = all.map(({ document, path }) => {
      const key = objectKey("Service", document.namespace ?? "default", document.name);
      return valueAt(fork.store.get<Service>(key), parsePath(path)) as number | undefined;
    });
    const to = all.reduce((at, { port }, i) => {
      const now = given[i];
      return now !== undefined && port === dialled && isNodes(request.to, fork)
        ? at.replace(`:${String(port)}`, `:${String(now)}`)
        : at;
    }, request.to);
    const proof = reached(fork, text, { ...request, to });
    const numbers = given.flatMap((one) => (one === undefined ? [] : [String(one)])).join(", ");
    const admitted = `the API server takes the text${numbers === "" ? "" : ` and gives node port ${numbers}`}`;
    return {
      title,
      edits,
      proof: proof === null ? admitted : `${admitted}; ${to === request.to ? "" : `dialled as ${to}: `}${proof}`,
    };
  }
  return null;
}

/** Does the request dial a node? Then it is the node port that it dials. */
function isNodes(to: string, { store }: Cluster): boolean {
  const address = /^\[?([^\]]+?)\]?:\d+$/.exec(to)?.[1];
  return (
    to.startsWith("node/") || store.list("Node").some((node) => JSON.stringify(node).includes(`"${address ?? "?"}"`))
  );
}

/** Of a text that was refused for its node ports; nothing for any other. */
export function nodePortRejected(session: Session, request: Request, proving: Proving): readonly Finding[] {
  const all = session.report.accepted ? [] : rejectedIn(session);
  const first = all[0];
  if (first === undefined) return [];
  const fix = fixOf(session, all, request, proving);
  const { cluster } = session.cluster.scenario(session.text);
  const { from, to } = cluster.nodePortRange;
  const { document, port, diagnostic } = first;
  const name = `${document.namespace ?? "default"}/${document.name}`;
  const why = first.isForbidden
    ? "a Service of type ClusterIP has no node ports"
    : diagnostic.message.includes("range")
      ? `it is outside of the range ${String(from)}-${String(to)} of the API server's --service-node-port-range`
      : "another Service has it";
  return [
    {
      id: "NODEPORT-REJECTED",
      severity: "error",
      hop: null,
      evidence: all.map((one) => ({
        kind: "object",
        object: objectKey("Service", one.document.namespace ?? "default", one.document.name),
        path: one.path,
        shows: one.diagnostic.message,
        range: one.diagnostic.range,
      })),
      cause: `The API server refuses node port ${String(port)} of Service ${name}: ${why}; nothing of the text is applied.`,
      fix,
      unfixed: fix === null ? "Something else in the text is refused too: mend that first." : null,
      command: `kubectl -n ${document.namespace ?? "default"} apply --dry-run=server -f FILE`,
    },
  ];
}

/** What a refused text's first error is, as kubectl puts it. */
export function refusalOf({ report }: Session): string {
  const first = report.diagnostics.find(({ severity }) => severity === "error");
  if (first === undefined) return "The text was not taken.";
  const { object, message } = first;
  const { kind, name } = object === null ? { kind: "", name: "" } : splitKey(object);
  return kind === "" ? message : `The ${kind} "${name}" is invalid: ${message}`;
}

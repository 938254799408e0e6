/** The process in a CoreDNS pod: the zone, the Corefile that it was started with, and its cache, bound to the cluster. */
import type { ObjectReader } from "../apiserver/types.ts";
import type { Micros } from "../base/time.ts";
import { type Corefile, parseCorefile } from "../dns/corefile.ts";
import { answerOutside, outsideNames } from "../dns/outside.ts";
import { type Cache, serve, type Served } from "../dns/server.ts";
import type { ConfigMap } from "../model/configmap/types.ts";
import { objectKey } from "../model/meta/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Heard, Program, Reaction } from "../network/program.ts";

/** What the process can see of the cluster. */
export interface CoreDnsInputs {
  /** Objects now: what its watches have brought it. */
  readonly reader: ObjectReader;
  /** Objects as they were when its container started; null: nobody knows. */
  readonly atStart: ObjectReader | null;
  /** Seconds since 1970 of the last change of a Service or an endpoint. */
  readonly serial: number;
  readonly startedAt: Micros;
}

/** Does this pod run CoreDNS? By its image, or as one of the pods of the cluster's own DNS Service. */
export function isCoreDns({ spec, metadata }: Pod): boolean {
  const byImage = spec.containers.some(({ image = "" }) => /(^|\/)coredns(:|@|$)/.test(image));
  return byImage || (metadata.namespace === "kube-system" && metadata.labels?.["k8s-app"] === "kube-dns");
}

const CONFIG = objectKey("ConfigMap", "kube-system", "coredns");
/** Without a ConfigMap there is no Corefile: then CoreDNS answers as `whoami`, which helps nobody; here as kubeadm sets it up. */
const USUAL = `.:53 {
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    forward . /etc/resolv.conf
    cache 30
    loadbalance
}
`;

const read = new Map<string, ReturnType<typeof parseCorefile>>();
const MAX_READ = 32;

function corefileOf({ reader, atStart }: CoreDnsInputs): ReturnType<typeof parseCorefile> {
  const map = atStart?.get<ConfigMap>(CONFIG) ?? reader.get<ConfigMap>(CONFIG);
  const text = map?.data?.["Corefile"] ?? USUAL;
  let parsed = read.get(text);
  if (parsed === undefined) {
    if (read.size >= MAX_READ) read.clear();
    read.set(text, (parsed = parseCorefile(text)));
  }
  return parsed;
}

/** What it remembers: its cache, and since when. */
interface Memory {
  readonly since: Micros;
  readonly cache: Cache;
}

/** CoreDNS in this pod. */
export function coreDns(inputs: CoreDnsInputs, pod: Pod): Program {
  return { name: "CoreDNS", react: (heard) => react(inputs, pod, heard) };
}

function react(inputs: CoreDnsInputs, pod: Pod, { says, local, now, memory, sample }: Heard): Reaction | null {
  const corefile = corefileOf(inputs);
  if (!corefile.ok) return { kind: "ignore", note: `has not started: ${corefile.error}` };
  if (says?.kind !== "dns") return says === null ? null : { kind: "ignore", note: "waits for a question it can read" };
  const kept = memory as Memory | undefined;
  // Its cache does not survive it.
  const cache = kept?.since === inputs.startedAt ? kept.cache : {};
  const served = serve(
    {
      reader: inputs.reader,
      corefile: corefile.value,
      now,
      serial: inputs.serial,
      own: pod.status.podIPs?.map(({ ip }) => ip) ?? [local.ip],
      port: local.port,
      upstream: (question) => answerOutside(outsideNames(inputs.reader), question),
      sample,
      cache,
    },
    says,
  );
  const next: Memory = { since: inputs.startedAt, cache: served.cache };
  return {
    kind: "answer",
    note: noteOf(served, corefile.value),
    took: served.response.took,
    dns: served.response,
    ...(served.cache === cache ? {} : { remember: next }),
  };
}

function noteOf({ response, by }: Served, { servers }: Corefile): string {
  const { question, rcode, answer } = response;
  const data = answer.map((record) => record.data).join(", ");
  const said = data === "" ? (rcode === "NOERROR" ? "no data (NOERROR)" : rcode) : data;
  const from = {
    kubernetes: "",
    cache: ", from its cache",
    forward: ", which it has asked the resolver outside the cluster",
    nobody: ", since no plugin of its Corefile knows",
  }[by];
  const idle = [...new Set(servers.flatMap((server) => server.idle))];
  const without = idle.length === 0 ? "" : ` (${idle.join(", ")} of its Corefile without effect here)`;
  return `answers ${question.type} ${question.name} with ${said}${from}${without}`;
}

/** `kubectl delete`. Source: kubectl/pkg/cmd/delete. */
import { keyOf, type KubeObject } from "../model/meta/types.ts";
import { kindNamed } from "../model/kinds.ts";
import { quote } from "../model/status.ts";
import { isOn } from "./args.ts";
import { MINUTE } from "../base/time.ts";
import { type Call, noteRequest, resourceName, resourcesName } from "./call.ts";
import { deleteKubeProxy } from "./kube-proxy.ts";
import { failure, type Output } from "./output.ts";
import { parseDuration, waitUntil } from "./patience.ts";
import { select, type Target } from "./select.ts";
import { perform, type Planned, remove, update } from "./write.ts";

const NO_CONFIRMATION =
  "Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.";

export function kubectlDelete(call: Call): Output {
  const { args } = call;
  const force = isOn(args, "--force");
  const grace = args.flags["--grace-period"];
  if (grace !== undefined && !/^-?\d+$/.test(grace)) {
    return failure(
      `error: invalid argument ${quote(grace)} for "--grace-period" flag: strconv.ParseInt: parsing ${quote(grace)}: invalid syntax`,
    );
  }
  if (force && grace !== undefined && Number(grace) > 0) {
    return failure("error: --force and --grace-period greater than 0 cannot be specified together");
  }
  const cascade = args.flags["--cascade"] ?? "background";
  if (!["background", "foreground", "orphan", "true", "false"].includes(cascade)) {
    return failure(`error: invalid cascade value (${cascade}). Must be "background", "foreground", or "orphan"`);
  }
  const ofKubeProxy = deleteKubeProxy(call);
  if (ofKubeProxy !== null) return ofKubeProxy;
  const found = select(call, args.words, { doing: "deleting", typeAlone: false });
  if (!found.ok) return failure(found.error);
  const { targets, errors, asks } = found.value;
  const missing = isOn(args, "--ignore-not-found") ? errors.filter((line) => !line.includes("(NotFound)")) : errors;
  if (targets.length === 0 && errors.length === 0) {
    return asks.some(({ names }) => names !== null)
      ? failure("")
      : { stdout: "No resources found\n", stderr: "", code: 0 };
  }
  const now = force || isOn(args, "--now");
  const orphan = cascade === "orphan" || cascade === "false";
  const planned = targets.flatMap(({ info, object }): readonly Planned[] => {
    const { name, namespace } = object.metadata;
    const where = info.namespaced && namespace !== undefined ? ` from ${namespace} namespace` : "";
    const operation = force ? "force deleted" : "deleted";
    const line = (suffix: string): string => `${resourceName(info)} ${quote(name)} ${operation}${suffix}${where}`;
    const deletion: Planned = {
      info,
      write: remove(keyOf(object), now),
      done: operation,
      line,
      ...(force && { warnings: [NO_CONFIRMATION] }),
    };
    return [...(orphan ? orphaned(call, object) : []), deletion];
  });
  const output = perform(call, planned, missing);
  const dry = args.flags["--dry-run"];
  if ((dry !== undefined && dry !== "none") || args.flags["--wait"] === "false" || force) return output;
  return gone(call, targets, output);
}

/** How long a deletion is waited for unless --timeout says: for ever would be for ever here too. */
const PATIENCE = 10 * MINUTE;

/** Waits until the objects are gone, as kubectl does: for grace periods and finalizers. At rest that takes no time. */
function gone(call: Call, targets: readonly Target[], output: Output): Output {
  const limit = parseDuration(call.args.flags["--timeout"] ?? "0") || PATIENCE;
  let { stderr, code } = output;
  for (const { info, object } of targets) {
    const deleting = (): boolean => {
      const now = call.world.objects.get(keyOf(object));
      return now?.metadata.uid === object.metadata.uid && now?.metadata.deletionTimestamp !== undefined;
    };
    const { namespace, name } = object.metadata;
    const where = { namespace };
    noteRequest(call, "GET", info, { ...where, name }, deleting() ? 200 : 404);
    if (deleting()) {
      const query = { fieldSelector: `metadata.name=${name}` };
      const resourceVersion = String(call.world.objects.revision);
      noteRequest(call, "GET", info, { ...where, query });
      noteRequest(call, "GET", info, { ...where, query: { ...query, resourceVersion, watch: "true" } });
    }
    if (waitUntil(call, limit, () => !deleting())) continue;
    stderr += `error: timed out waiting for the condition on ${resourcesName(info)}/${object.metadata.name}\n`;
    code = 1;
  }
  return { ...output, stderr, code };
}

/** `--cascade=orphan`: the dependents lose their owner before it goes. */
function orphaned(call: Call, owner: KubeObject): readonly Planned[] {
  const { uid } = owner.metadata;
  if (uid === undefined) return [];
  return call.world.objects.ownedBy(uid).flatMap((dependent): readonly Planned[] => {
    const info = kindNamed(dependent.kind);
    if (info === undefined) return [];
    const { ownerReferences: references = [], ...metadata } = dependent.metadata;
    const kept = references.filter((reference) => reference.uid !== uid);
    const freed = { ...dependent, metadata: { ...metadata, ...(kept.length > 0 && { ownerReferences: kept }) } };
    return [{ info, write: update(freed), done: "orphaned", silent: true }];
  });
}

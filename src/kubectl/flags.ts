/** Which flags each kubectl command knows: a flag that is not here is refused, as kubectl does. */

import { own } from "./own.ts";

/** `value`: takes one. `switch`: true unless `=false`. `optional`: a value only behind `=`, else the given one. */
export type FlagSpec =
  | { readonly kind: "value"; readonly name: string }
  | { readonly kind: "switch"; readonly name: string }
  | { readonly kind: "optional"; readonly name: string; readonly absent: string };

type Specs = Readonly<Record<string, FlagSpec>>;

const value = (names: string): Specs => spread(names, (name) => ({ kind: "value", name }));
const toggle = (names: string): Specs => spread(names, (name) => ({ kind: "switch", name }));
const optional = (names: string, absent: string): Specs =>
  spread(names, (name) => ({ kind: "optional", name, absent }));

/** `"-n,--namespace --context"`: words are flags, commas join the spellings of one; the last is its name. */
function spread(names: string, make: (name: string) => FlagSpec): Specs {
  return Object.fromEntries(
    names.split(" ").flatMap((word) => {
      const spellings = word.split(",");
      const spec = make(spellings[spellings.length - 1] as string);
      return spellings.map((spelling) => [spelling, spec] as const);
    }),
  );
}

const GLOBAL: Specs = {
  ...value("-n,--namespace --context --cluster --user --kubeconfig --request-timeout -s,--server --as --token -v,--v"),
  ...toggle("-h,--help --insecure-skip-tls-verify --warnings-as-errors"),
};

const PRINT: Specs = {
  ...value("-o,--output --template"),
  ...toggle("--show-managed-fields --allow-missing-template-keys"),
};
const FILES: Specs = { ...value("-f,--filename -k,--kustomize"), ...toggle("-R,--recursive") };
const DRY: Specs = { ...optional("--dry-run", "unchanged"), ...value("--field-manager") };
const SELECT: Specs = { ...value("-l,--selector --field-selector"), ...toggle("-A,--all-namespaces --all") };
const VALIDATE = optional("--validate", "strict");
const WRITE: Specs = { ...PRINT, ...DRY, ...FILES };

const COMMANDS: Readonly<Record<string, Specs>> = {
  get: {
    ...PRINT,
    ...FILES,
    ...SELECT,
    ...value("-L,--label-columns --sort-by --chunk-size --subresource --raw"),
    ...toggle(
      "-w,--watch --watch-only --output-watch-events --show-labels --no-headers --show-kind --ignore-not-found --server-print",
    ),
  },
  describe: { ...FILES, ...SELECT, ...value("--chunk-size"), ...toggle("--show-events") },
  apply: {
    ...WRITE,
    ...VALIDATE,
    ...value("-l,--selector --prune-allowlist --applyset"),
    ...toggle("--server-side --force-conflicts --force --prune --all --overwrite --wait"),
    ...value("--grace-period --timeout"),
    ...optional("--cascade", "background"),
  },
  create: {
    ...WRITE,
    ...VALIDATE,
    ...value(
      "--image --replicas --port --tcp --clusterip --node-port --external-name --class --rule --default-backend --annotation --from-literal --from-file --raw",
    ),
    ...toggle("--save-config --edit"),
  },
  delete: {
    ...FILES,
    ...SELECT,
    ...DRY,
    ...value("--grace-period --timeout -o,--output --raw"),
    ...toggle("--force --now --ignore-not-found --wait -i,--interactive"),
    ...optional("--cascade", "background"),
  },
  replace: {
    ...WRITE,
    ...VALIDATE,
    ...value("--grace-period --timeout --subresource"),
    ...toggle("--force --save-config --wait"),
    ...optional("--cascade", "background"),
  },
  patch: { ...WRITE, ...value("-p,--patch --patch-file --type --subresource"), ...toggle("--record --local") },
  edit: {
    ...WRITE,
    ...VALIDATE,
    ...value("-l,--selector --subresource"),
    ...toggle("--output-patch --save-config --record --windows-line-endings"),
  },
  scale: {
    ...WRITE,
    ...SELECT,
    ...value("--replicas --current-replicas --resource-version --timeout"),
    ...toggle("--record"),
  },
  expose: {
    ...WRITE,
    ...value(
      "--port --target-port --protocol --name --type --selector -l,--labels --cluster-ip --external-ip --load-balancer-ip --session-affinity --overrides --override-type",
    ),
    ...toggle("--save-config"),
  },
  label: { ...WRITE, ...SELECT, ...value("--resource-version"), ...toggle("--overwrite --list --local --record") },
  annotate: { ...WRITE, ...SELECT, ...value("--resource-version"), ...toggle("--overwrite --list --local --record") },
  set: {
    ...WRITE,
    ...SELECT,
    ...value("-c,--containers --resource-version --limits --requests -e,--env --from --keys --prefix"),
    ...toggle("--local --record --list --overwrite --resolve"),
  },
  rollout: {
    ...WRITE,
    ...SELECT,
    ...value("--revision --to-revision --timeout"),
    ...toggle("-w,--watch"),
  },
  run: {
    ...WRITE,
    ...value(
      "--image --port -l,--labels --env --restart --image-pull-policy --annotations --overrides --override-type --grace-period --timeout --pod-running-timeout",
    ),
    ...toggle(
      "--expose --rm -i,--stdin -t,--tty --attach --command -q,--quiet --privileged --leave-stdin-open --force --wait --save-config",
    ),
    ...optional("--cascade", "background"),
  },
  events: {
    ...PRINT,
    ...value("--for --types --chunk-size"),
    ...toggle("-A,--all-namespaces -w,--watch --no-headers"),
  },
  explain: { ...value("--api-version -o,--output"), ...toggle("--recursive") },
  "api-resources": {
    ...value("-o,--output --api-group --verbs --sort-by --categories"),
    ...optional("--namespaced", "true"),
    ...toggle("--no-headers --cached --show-kind"),
  },
  "api-versions": {},
  version: { ...value("-o,--output"), ...toggle("--client --short") },
  "cluster-info": {},
  config: {
    ...value("-o,--output --namespace --cluster --user"),
    ...toggle("--minify --raw --flatten --current --no-headers"),
  },
  auth: {
    ...value("-o,--output --subresource"),
    ...toggle("-A,--all-namespaces -q,--quiet --list --no-headers"),
  },
  cordon: { ...DRY, ...value("-l,--selector") },
  uncordon: { ...DRY, ...value("-l,--selector") },
  drain: {
    ...DRY,
    ...value("-l,--selector --pod-selector --grace-period --timeout --chunk-size --skip-wait-for-delete-timeout"),
    ...toggle("--ignore-daemonsets --delete-emptydir-data --delete-local-data --force --disable-eviction"),
  },
  taint: { ...PRINT, ...DRY, ...VALIDATE, ...value("-l,--selector"), ...toggle("--all --overwrite") },
  wait: { ...PRINT, ...FILES, ...SELECT, ...value("--for --timeout"), ...toggle("--local") },
  logs: {
    ...value(
      "-l,--selector -c,--container --tail --since --since-time --max-log-requests --limit-bytes --pod-running-timeout",
    ),
    ...toggle("-f,--follow -p,--previous --timestamps --all-containers --prefix --ignore-errors --all-pods"),
  },
  exec: { ...value("-c,--container -f,--filename --pod-running-timeout"), ...toggle("-i,--stdin -t,--tty -q,--quiet") },
};

/** The flags of a command, or undefined when there is no such command. */
export function flagsOf(command: string): Specs | undefined {
  const specs = own(COMMANDS, command);
  return specs === undefined ? undefined : { ...GLOBAL, ...specs };
}

/** Flags that stand before the command. */
export const GLOBAL_FLAGS: Specs = GLOBAL;

/** Every command that takes flags here, by name. */
export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS);

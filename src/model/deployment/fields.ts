import { bool, int32, int64, intOrString, object, objects, string, struct, type Struct } from "../fields.ts";
import { CONDITION, LABEL_SELECTOR, metadata, TYPE_META } from "../meta/fields.ts";
import { POD_TEMPLATE } from "../pod/fields.ts";

const ROLLING_UPDATE = struct("RollingUpdateDeployment", {
  maxUnavailable: intOrString(
    "How many pods may be missing during an update: a number or a percentage, rounded down.",
    {
      default: "25%",
      keep: true,
    },
  ),
  maxSurge: intOrString(
    "How many pods more than wanted there may be during an update: a number or a percentage, rounded up.",
    {
      default: "25%",
      keep: true,
    },
  ),
});

const STRATEGY = struct("DeploymentStrategy", {
  type: string("RollingUpdate replaces pods step by step, Recreate ends all old ones first.", {
    values: ["RollingUpdate", "Recreate"],
    default: "RollingUpdate",
    go: "v1.DeploymentStrategyType",
  }),
  rollingUpdate: object(ROLLING_UPDATE, "Settings of RollingUpdate."),
});

const SPEC = struct("DeploymentSpec", {
  replicas: int32("How many pods there shall be.", { default: 1, keep: true }),
  selector: object(LABEL_SELECTOR, "The pods that belong to it; must match the template's labels. Cannot change.", {
    required: true,
    keep: true,
  }),
  template: object(POD_TEMPLATE, "What its pods look like.", { required: true, keep: true }),
  strategy: object(STRATEGY, "How old pods are replaced by new ones."),
  minReadySeconds: int32("Seconds that a pod must be ready before it counts as available.", { default: 0 }),
  revisionHistoryLimit: int32("How many old ReplicaSets are kept.", { default: 10, keep: true }),
  paused: bool("No new rollouts while true."),
  progressDeadlineSeconds: int32("Seconds without progress until a rollout counts as failed.", {
    default: 600,
    keep: true,
  }),
});

const STATUS = struct("DeploymentStatus", {
  observedGeneration: int64("The generation last acted upon."),
  replicas: int32("Pods there are."),
  updatedReplicas: int32("Pods of the newest template."),
  readyReplicas: int32("Pods that are ready."),
  availableReplicas: int32("Pods that are available."),
  unavailableReplicas: int32("Pods still missing."),
  terminatingReplicas: int32("Pods that are on their way out.", { keep: true }),
  collisionCount: int32("Name collisions of ReplicaSets so far.", { keep: true }),
  conditions: objects(
    struct("DeploymentCondition", CONDITION.fields),
    "Available, Progressing and what else is reported.",
  ),
});

export const DEPLOYMENT: Struct = struct("Deployment", {
  ...TYPE_META,
  metadata,
  spec: object(SPEC, "How many pods of which look."),
  status: object(STATUS, "How far it is; written by the controller."),
});

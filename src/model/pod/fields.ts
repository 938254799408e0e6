import {
  any,
  bool,
  inert,
  int32,
  int64,
  intOrString,
  list,
  map,
  object,
  objects,
  plain,
  quantity,
  string,
  stringMap,
  strings,
  struct,
  time,
  type Field,
  type Struct,
} from "../fields.ts";
import { CONDITION, metadata, OBJECT_META, TYPE_META } from "../meta/fields.ts";
import { AFFINITY, POD_SECURITY_CONTEXT, SECURITY_CONTEXT, VOLUME } from "./kept-fields.ts";

const quantities = (doc: string): Field => map(quantity(doc), doc, { inert: true });

const HTTP_HEADER = struct("HTTPHeader", {
  name: string("Header name.", { keep: true }),
  value: string("Header value.", { keep: true }),
});

const HTTP_GET = struct("HTTPGetAction", {
  path: string("Path of the request.", { default: "/" }),
  port: intOrString("Port number, or the name of a port of this container.", { required: true, keep: true }),
  host: string("Host to ask; the pod's own address when empty."),
  scheme: string("HTTP or HTTPS.", { default: "HTTP", values: ["HTTP", "HTTPS"], go: "v1.URIScheme" }),
  httpHeaders: objects(HTTP_HEADER, "Headers to send.", { inert: true }),
});

const TCP_SOCKET = struct("TCPSocketAction", {
  port: intOrString("Port number, or the name of a port of this container.", { required: true, keep: true }),
  host: string("Host to dial; the pod's own address when empty."),
});

const EXEC = struct("ExecAction", { command: strings("Command that is run in the container.") });

const GRPC = struct("GRPCAction", {
  port: int32("Port number.", { required: true, keep: true }),
  service: string("Service name in the health request.", { keep: true }),
});

const PROBE = struct("Probe", {
  exec: object(EXEC, "Healthy when this command exits with 0."),
  httpGet: object(HTTP_GET, "Healthy when this request is answered with 200–399."),
  tcpSocket: object(TCP_SOCKET, "Healthy when this port can be dialled."),
  grpc: object(GRPC, "Healthy when the gRPC health service says so.", { inert: true }),
  initialDelaySeconds: int32("Seconds after the container's start until the first probe."),
  timeoutSeconds: int32("Seconds until a probe counts as failed.", { default: 1 }),
  periodSeconds: int32("Seconds between probes.", { default: 10 }),
  successThreshold: int32("Successes in a row that count as healthy.", { default: 1 }),
  failureThreshold: int32("Failures in a row that count as unhealthy.", { default: 3 }),
  terminationGracePeriodSeconds: int64("Grace period when this probe ends the container.", { keep: true, inert: true }),
});

const HANDLER = struct("LifecycleHandler", {
  exec: object(EXEC, "Run a command."),
  httpGet: object(HTTP_GET, "Send a request."),
  tcpSocket: object(TCP_SOCKET, "Not supported.", { deprecated: "Never worked." }),
  sleep: object(struct("SleepAction", { seconds: int64("Seconds.", { keep: true }) }), "Wait."),
});

const LIFECYCLE = struct("Lifecycle", {
  postStart: object(HANDLER, "Done right after the container's start."),
  preStop: object(HANDLER, "Done before the container is told to stop."),
  stopSignal: string("Signal that stops the container.", { keep: true }),
});

const PORT = struct("ContainerPort", {
  name: string("Name of the port, at most 15 characters: a Service's targetPort may use it."),
  hostPort: int32("Port of the node that leads here.", { inert: true }),
  containerPort: int32("Port that the process listens on, 1–65535.", { required: true, keep: true }),
  protocol: string("Transport protocol.", { default: "TCP", values: ["TCP", "UDP", "SCTP"], go: "v1.Protocol" }),
  hostIP: string("Address of the node that hostPort is bound to.", { inert: true }),
});

const keySelector = (name: string): Struct =>
  struct(name, {
    name: string("Name of the object."),
    key: string("Key in its data.", { required: true, keep: true }),
    optional: bool("Whether it may be missing.", { keep: true }),
  });

const ENV = struct("EnvVar", {
  name: string("Name of the variable.", { required: true, keep: true }),
  value: string("Its value."),
  valueFrom: object(
    struct("EnvVarSource", {
      fieldRef: object(
        struct("ObjectFieldSelector", {
          apiVersion: string("Version of the path.", { default: "v1" }),
          fieldPath: string("A field of the pod, as status.podIP.", { required: true, keep: true }),
        }),
        "A field of the pod.",
      ),
      resourceFieldRef: object(
        struct("ResourceFieldSelector", {
          containerName: string("Container."),
          resource: string("Resource.", { required: true, keep: true }),
          divisor: quantity("Unit."),
        }),
        "A resource of the container.",
      ),
      configMapKeyRef: object(keySelector("ConfigMapKeySelector"), "A key of a ConfigMap."),
      secretKeyRef: object(keySelector("SecretKeySelector"), "A key of a Secret."),
      fileKeyRef: any("A key of a file in a volume."),
    }),
    "Where the value comes from.",
  ),
});

const localReference = (name: string): Struct =>
  struct(name, { name: string("Name of the object."), optional: bool("Whether it may be missing.", { keep: true }) });

const ENV_FROM = struct("EnvFromSource", {
  prefix: string("Put before every name."),
  configMapRef: object(localReference("ConfigMapEnvSource"), "All keys of a ConfigMap."),
  secretRef: object(localReference("SecretEnvSource"), "All keys of a Secret."),
});

const RESOURCES = struct("ResourceRequirements", {
  limits: quantities("The most it may use."),
  requests: quantities("What is set aside for it."),
  claims: objects(
    struct("ResourceClaim", { name: string("Claim.", { keep: true }), request: string("Request in the claim.") }),
    "Claims it uses.",
    { inert: true },
  ),
});

const VOLUME_MOUNT = struct("VolumeMount", {
  name: string("Volume.", { keep: true }),
  readOnly: bool("Read-only."),
  recursiveReadOnly: string("Read-only for mounts below it too.", { keep: true }),
  mountPath: string("Where in the container.", { keep: true }),
  subPath: string("Path in the volume."),
  subPathExpr: string("Path in the volume, with variables."),
  mountPropagation: string("How mounts spread.", { keep: true }),
});

const RESIZE_POLICY = struct("ContainerResizePolicy", {
  resourceName: string("Resource.", { keep: true }),
  restartPolicy: string("What a resize does.", { keep: true }),
});

const containerFields: Readonly<Record<string, Field>> = {
  name: string("Name of the container, unique in the pod.", { required: true, keep: true }),
  image: string(
    "Image. A well-known one without declared ports listens on its usual port (nginx 80, redis 6379, ...).",
  ),
  command: strings("Replaces the image's entrypoint.", { inert: true }),
  args: strings("Replaces the image's arguments.", { inert: true }),
  workingDir: string("Working directory.", { inert: true }),
  ports: objects(PORT, "Ports that the process listens on: here they are taken as complete."),
  envFrom: objects(ENV_FROM, "Environment variables from ConfigMaps and Secrets."),
  env: objects(ENV, "Environment variables; they win over those of Services."),
  resources: object(RESOURCES, "Requests and limits.", { inert: true, keep: true }),
  resizePolicy: objects(RESIZE_POLICY, "What a resize of resources does.", { inert: true }),
  restartPolicy: string("Always makes an init container a sidecar.", { keep: true }),
  restartPolicyRules: list(any("A rule."), "Rules when to restart the container.", { inert: true }),
  volumeMounts: objects(VOLUME_MOUNT, "Volumes mounted into the container.", { inert: true }),
  volumeDevices: objects(
    struct("VolumeDevice", { name: string("Claim.", { keep: true }), devicePath: string("Device.", { keep: true }) }),
    "Block devices of the container.",
    { inert: true },
  ),
  livenessProbe: object(PROBE, "When this fails the container is restarted."),
  readinessProbe: object(PROBE, "While this fails the pod is not ready: its Services send it no new connections."),
  startupProbe: object(PROBE, "The other probes wait until this one has succeeded."),
  lifecycle: object(
    LIFECYCLE,
    "What is done after start and before stop: a preStop `sleep` keeps a pod serving until nobody sends to it any more.",
  ),
  terminationMessagePath: string("File with a last word.", { inert: true, default: "/dev/termination-log" }),
  terminationMessagePolicy: string("Where the last word is taken from.", {
    inert: true,
    default: "File",
    values: ["File", "FallbackToLogsOnError"],
    go: "v1.TerminationMessagePolicy",
  }),
  imagePullPolicy: string("When the image is pulled.", {
    inert: true,
    values: ["Always", "IfNotPresent", "Never"],
    go: "v1.PullPolicy",
  }),
  securityContext: object(SECURITY_CONTEXT, "Rights of the container.", { inert: true }),
  stdin: bool("Keep stdin open.", { inert: true }),
  stdinOnce: bool("Close stdin after the first session.", { inert: true }),
  tty: bool("Give it a terminal.", { inert: true }),
};

const CONTAINER = struct("Container", containerFields);
const EPHEMERAL = struct("EphemeralContainer", {
  ...containerFields,
  targetContainerName: string("Container it looks into."),
});

const TOLERATION = struct("Toleration", {
  key: string("Taint key; empty with Exists: every taint."),
  operator: string("Exists, or Equal to value.", {
    values: ["Exists", "Equal", "Lt", "Gt"],
    default: "Equal",
    go: "v1.TolerationOperator",
  }),
  value: string("Taint value."),
  effect: string("Taint effect; empty: every effect.", {
    values: ["NoSchedule", "PreferNoSchedule", "NoExecute"],
    go: "v1.TaintEffect",
  }),
  tolerationSeconds: int64("How long a NoExecute taint is tolerated.", { keep: true }),
});

const SPREAD = struct("TopologySpreadConstraint", {
  maxSkew: int32("How uneven it may be.", { keep: true }),
  topologyKey: string("Node label that makes the domains.", { keep: true }),
  whenUnsatisfiable: string("What to do when it cannot be even.", {
    keep: true,
    values: ["DoNotSchedule", "ScheduleAnyway"],
    go: "v1.UnsatisfiableConstraintAction",
  }),
  labelSelector: any("Pods that are counted."),
  minDomains: int32("How many domains there must be.", { keep: true }),
  nodeAffinityPolicy: string("Whether node affinity counts.", { keep: true }),
  nodeTaintsPolicy: string("Whether taints count.", { keep: true }),
  matchLabelKeys: strings("Label keys whose values must match too."),
});

const DNS_CONFIG = struct("PodDNSConfig", {
  nameservers: strings("DNS servers."),
  searches: strings("Search domains."),
  options: objects(
    struct("PodDNSConfigOption", { name: string("Option."), value: string("Value.", { keep: true }) }),
    "Resolver options, as ndots.",
  ),
});

const POD_SPEC: Struct = struct("PodSpec", {
  volumes: objects(VOLUME, "Volumes that containers may mount.", { inert: true }),
  initContainers: objects(CONTAINER, "Containers that must finish, one after the other, before the others start."),
  containers: objects(CONTAINER, "The containers of the pod; at least one.", { required: true, keep: true }),
  ephemeralContainers: objects(EPHEMERAL, "Containers added for debugging.", { inert: true }),
  restartPolicy: string("What happens when a container ends.", {
    default: "Always",
    values: ["Always", "OnFailure", "Never"],
    go: "v1.RestartPolicy",
  }),
  terminationGracePeriodSeconds: int64("Seconds between the request to stop and SIGKILL.", { default: 30, keep: true }),
  activeDeadlineSeconds: int64("Seconds the pod may be active.", { keep: true, inert: true }),
  dnsPolicy: string("Where names are looked up.", {
    default: "ClusterFirst",
    values: ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"],
    go: "v1.DNSPolicy",
  }),
  nodeSelector: stringMap("Labels that the node must carry."),
  serviceAccountName: string("ServiceAccount of the pod.", { inert: true }),
  serviceAccount: string("Old name of serviceAccountName.", { inert: true, deprecated: "Use serviceAccountName." }),
  automountServiceAccountToken: bool("Whether a token is mounted.", { keep: true, inert: true }),
  nodeName: string("The node it stands on; chosen by the scheduler when empty."),
  hostNetwork: bool("Share the node's network: no address of its own."),
  hostPID: bool("Share the node's processes.", { inert: true }),
  hostIPC: bool("Share the node's IPC.", { inert: true }),
  shareProcessNamespace: bool("Containers see each other's processes.", { keep: true, inert: true }),
  securityContext: object(POD_SECURITY_CONTEXT, "Rights of all containers.", { inert: true, keep: true }),
  imagePullSecrets: objects(
    struct("LocalObjectReference", { name: string("Secret.") }),
    "Secrets for pulling images.",
    { inert: true },
  ),
  hostname: string("Host name of the pod; with subdomain it gets a DNS name of its own."),
  subdomain: string("Name of the headless Service that the pod's DNS name stands below."),
  hostnameOverride: string("Host name, whatever else says.", { keep: true, inert: true }),
  setHostnameAsFQDN: bool("Host name with its domain.", { keep: true, inert: true }),
  affinity: object(AFFINITY, "Which nodes and which company it likes.", { inert: true }),
  schedulerName: string("Which scheduler places it.", { default: "default-scheduler", inert: true }),
  tolerations: objects(TOLERATION, "Taints that do not keep it away."),
  hostAliases: objects(
    struct("HostAlias", { ip: string("Address.", { keep: true }), hostnames: strings("Names.") }),
    "Lines added to /etc/hosts.",
  ),
  priorityClassName: string("Its priority class.", { inert: true }),
  priority: int32("Its priority.", { keep: true, inert: true }),
  dnsConfig: object(DNS_CONFIG, "DNS servers, search domains and options of its own."),
  readinessGates: objects(
    struct("PodReadinessGate", {
      conditionType: string("A condition of this pod.", { keep: true, go: "v1.PodConditionType" }),
    }),
    "Conditions that must also be True before the pod counts as ready.",
  ),
  runtimeClassName: string("Which runtime.", { keep: true, inert: true }),
  enableServiceLinks: bool("Environment variables for the Services of its namespace.", { default: true, keep: true }),
  preemptionPolicy: string("Whether it may displace others.", { keep: true, inert: true }),
  overhead: quantities("Resources of the runtime."),
  topologySpreadConstraints: objects(SPREAD, "How evenly pods are spread.", { inert: true }),
  os: object(
    struct("PodOS", { name: string("Operating system.", { keep: true }) }),
    "Operating system of the containers.",
    {
      inert: true,
    },
  ),
  hostUsers: bool("Use the node's user ids.", { keep: true, inert: true }),
  schedulingGates: objects(
    struct("PodSchedulingGate", { name: string("Gate.", { keep: true }) }),
    "The scheduler waits until this list is empty.",
    { inert: true },
  ),
  resourceClaims: list(any("A claim."), "Resource claims of the pod.", { inert: true }),
  resources: object(RESOURCES, "Requests and limits of the whole pod.", { inert: true, keep: true }),
  workloadRef: any("The workload it belongs to.", { inert: true }),
  schedulingGroup: any("The pods it is scheduled with.", { inert: true }),
});

const ips = (name: string): Struct => struct(name, { ip: string("Address.", { keep: true }) });

const CONTAINER_STATUS = struct("ContainerStatus", {
  name: string("Container.", { keep: true }),
  state: object(
    struct("ContainerState", {
      waiting: object(
        struct("ContainerStateWaiting", { reason: string("Why."), message: string("More about it.") }),
        "Not running yet.",
      ),
      running: object(struct("ContainerStateRunning", { startedAt: time("Since when.") }), "Running."),
      terminated: object(
        struct("ContainerStateTerminated", {
          exitCode: int32("Exit code.", { keep: true }),
          signal: int32("Signal."),
          reason: string("Why."),
          message: string("More about it."),
          startedAt: time("When it was started."),
          finishedAt: time("When it ended."),
          containerID: string("Id."),
        }),
        "Ended.",
      ),
    }),
    "What it does now.",
  ),
  lastState: any("What it did before."),
  ready: bool("Whether its readiness probe succeeds.", { keep: true }),
  restartCount: int32("How often it was restarted.", { keep: true }),
  image: string("Image.", { keep: true }),
  imageID: string("Image id.", { keep: true }),
  containerID: string("Id."),
  started: bool("Whether its startup probe has succeeded.", { keep: true }),
  allocatedResources: any("Resources."),
  allocatedResourcesStatus: any("Resources."),
  resources: any("Resources."),
  volumeMounts: any("Mounts."),
  user: any("User."),
  stopSignal: string("Stop signal.", { keep: true }),
});

const POD_STATUS = struct("PodStatus", {
  observedGeneration: int64("The generation last acted upon."),
  phase: string("Pending, Running, Succeeded, Failed or Unknown.", { go: "v1.PodPhase" }),
  conditions: objects(struct("PodCondition", CONDITION.fields), "Ready above all."),
  message: string("Why."),
  reason: string("Why, in a word."),
  nominatedNodeName: string("The node it may go to."),
  hostIP: string("Address of its node."),
  hostIPs: objects(ips("HostIP"), "Addresses of its node."),
  podIP: string("Its address. One written here is kept."),
  podIPs: objects(ips("PodIP"), "Its addresses."),
  startTime: time("Since when the kubelet knows it."),
  initContainerStatuses: objects(CONTAINER_STATUS, "State of init containers."),
  containerStatuses: objects(CONTAINER_STATUS, "State of containers."),
  ephemeralContainerStatuses: objects(CONTAINER_STATUS, "State of debug containers."),
  qosClass: string("Quality of service.", { go: "v1.PodQOSClass" }),
  ...inert(
    plain(
      "resize resourceClaimStatuses extendedResourceClaimStatus allocatedResources resources nodeAllocatableResourceClaimStatuses",
      any("Kept as it is."),
    ),
  ),
});

export const POD: Struct = struct("Pod", {
  ...TYPE_META,
  metadata,
  spec: object(POD_SPEC, "What the pod is to be."),
  status: object(POD_STATUS, "What has become of it; written by the kubelet."),
});

/** v1.PodTemplateSpec, the part of Deployments and ReplicaSets that describes their pods. */
export const POD_TEMPLATE: Struct = struct("PodTemplateSpec", {
  metadata: object(OBJECT_META, "Labels and annotations of the pods."),
  spec: object(POD_SPEC, "What the pods are to be."),
});

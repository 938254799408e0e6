/** Parts of a PodSpec that the API takes and this playground keeps without effect: named so that strict decoding is right. */
import {
  any,
  bool,
  int32,
  int64,
  list,
  object,
  objects,
  plain,
  quantity,
  string,
  struct,
  type Struct,
} from "../fields.ts";

const text = string("Kept as it is.");
const flag = bool("Kept as it is.", { keep: true });
const whole = any("Kept as it is.");
const number = int64("Kept as it is.", { keep: true });

const SE_LINUX = struct("SELinuxOptions", plain("user role type level", text));
const PROFILE = struct("SeccompProfile", { type: string("Kind of profile.", { keep: true }), localhostProfile: text });
const WINDOWS = struct("WindowsSecurityContextOptions", {
  ...plain("gmsaCredentialSpecName gmsaCredentialSpec runAsUserName", text),
  hostProcess: flag,
});

/** v1.SecurityContext of a container. */
export const SECURITY_CONTEXT: Struct = struct("SecurityContext", {
  capabilities: object(
    struct("Capabilities", { add: list(text, "Added."), drop: list(text, "Taken away.") }),
    "Linux capabilities.",
  ),
  ...plain("privileged runAsNonRoot readOnlyRootFilesystem allowPrivilegeEscalation", flag),
  ...plain("runAsUser runAsGroup", number),
  seLinuxOptions: object(SE_LINUX, "SELinux."),
  windowsOptions: object(WINDOWS, "Windows."),
  procMount: text,
  seccompProfile: object(PROFILE, "seccomp."),
  appArmorProfile: object(struct("AppArmorProfile", PROFILE.fields), "AppArmor."),
});

/** v1.PodSecurityContext. */
export const POD_SECURITY_CONTEXT: Struct = struct("PodSecurityContext", {
  seLinuxOptions: object(SE_LINUX, "SELinux."),
  windowsOptions: object(WINDOWS, "Windows."),
  ...plain("runAsUser runAsGroup fsGroup", number),
  runAsNonRoot: flag,
  supplementalGroups: list(int64("Group.", { keep: true }), "Groups."),
  supplementalGroupsPolicy: text,
  sysctls: objects(struct("Sysctl", { name: text, value: text }), "Kernel settings."),
  fsGroupChangePolicy: text,
  seccompProfile: object(PROFILE, "seccomp."),
  appArmorProfile: object(struct("AppArmorProfile", PROFILE.fields), "AppArmor."),
  seLinuxChangePolicy: text,
});

const terms = plain(
  "requiredDuringSchedulingIgnoredDuringExecution preferredDuringSchedulingIgnoredDuringExecution",
  whole,
);

/** v1.Affinity. */
export const AFFINITY: Struct = struct("Affinity", {
  nodeAffinity: object(struct("NodeAffinity", terms), "Which nodes."),
  podAffinity: object(struct("PodAffinity", terms), "Near which pods."),
  podAntiAffinity: object(struct("PodAntiAffinity", terms), "Away from which pods."),
});

const ITEMS = list(
  object(
    struct("KeyToPath", {
      key: string("Key.", { keep: true }),
      path: string("File.", { keep: true }),
      mode: int32("Mode.", { keep: true }),
    }),
    "A key as a file.",
  ),
  "Which keys become which files.",
);

/** v1.Volume: the sources that manifests use are described, the others named. */
export const VOLUME: Struct = struct("Volume", {
  name: string("Name that volumeMounts use.", { required: true, keep: true }),
  emptyDir: object(
    struct("EmptyDirVolumeSource", { medium: text, sizeLimit: quantity("Size.") }),
    "An empty directory that lives as long as the pod.",
  ),
  configMap: object(
    struct("ConfigMapVolumeSource", {
      name: text,
      items: ITEMS,
      defaultMode: int32("Mode.", { keep: true }),
      optional: flag,
    }),
    "Keys of a ConfigMap as files.",
  ),
  secret: object(
    struct("SecretVolumeSource", {
      secretName: text,
      items: ITEMS,
      defaultMode: int32("Mode.", { keep: true }),
      optional: flag,
    }),
    "Keys of a Secret as files.",
  ),
  hostPath: object(
    struct("HostPathVolumeSource", { path: string("Path.", { keep: true }), type: string("Kind.", { keep: true }) }),
    "A path of the node.",
  ),
  persistentVolumeClaim: object(
    struct("PersistentVolumeClaimVolumeSource", {
      claimName: string("Claim.", { keep: true }),
      readOnly: bool("Read-only."),
    }),
    "A claimed volume.",
  ),
  ...plain(
    "projected downwardAPI nfs csi ephemeral image iscsi fc glusterfs rbd flexVolume cinder cephfs flocker azureFile azureDisk vsphereVolume quobyte photonPersistentDisk portworxVolume scaleIO storageos gcePersistentDisk awsElasticBlockStore gitRepo",
    whole,
  ),
});

/** What `kubectl get nodes -o wide` shows of a plain worker. */
export const NODE_INFO = {
  architecture: "amd64",
  containerRuntimeVersion: "containerd://2.1.4",
  kernelVersion: "6.18.44",
  kubeletVersion: "v1.36.2",
  operatingSystem: "linux",
  osImage: "Debian GNU/Linux 13 (trixie)",
};

import { describe, expect, it } from "vitest";
import { parseListen } from "../model/pod/listening.ts";
import { listenersOf } from "./listeners.ts";
import { type TestPod, testPod } from "./testing.ts";

const POD: TestPod = { name: "p", node: "worker-1", ip: "10.244.1.5" };
const ports = (pod: Partial<TestPod>): readonly string[] =>
  listenersOf(testPod({ ...POD, ...pod })).map(
    (l) => `${l.ip}:${l.port ?? "any"}/${l.protocol}${l.assumed ? " assumed" : ""}`,
  );

describe("listenersOf", () => {
  it.each([
    ["declared ports are all there is", { image: "nginx", ports: [{ containerPort: 8080 }] }, ["0.0.0.0:8080/tcp"]],
    ["with their protocol", { ports: [{ containerPort: 53, protocol: "UDP" as const }] }, ["0.0.0.0:53/udp"]],
    ["a well-known image has its own", { image: "docker.io/library/nginx:1.27@sha256:0" }, ["0.0.0.0:80/tcp"]],
    [
      "an unknown image takes anything",
      { image: "example.com/app" },
      ["0.0.0.0:any/tcp assumed", "0.0.0.0:any/udp assumed"],
    ],
    ["a shell listens on nothing", { image: "busybox", command: ["sleep", "3600"] }, []],
    [
      "unless told to",
      { image: "busybox", command: ["nc", "-lk", "-p", "80"] },
      ["0.0.0.0:any/tcp assumed", "0.0.0.0:any/udp assumed"],
    ],
  ])("%s", (_name, container, expected) => {
    expect(ports({ container })).toEqual(expected);
  });

  it("only running containers listen", () => {
    expect(ports({ container: { ports: [{ containerPort: 80 }] }, running: false })).toEqual([]);
  });

  it("the annotation overrules the ports", () => {
    expect(
      ports({ container: { ports: [{ containerPort: 80 }] }, listen: "8080/TCP, 127.0.0.1:9000/TCP, 53/UDP" }),
    ).toEqual(["0.0.0.0:8080/tcp", "127.0.0.1:9000/tcp", "0.0.0.0:53/udp"]);
  });

  it("a sidecar without ports does not make the pod listen on everything", () => {
    const pod = testPod({ ...POD, container: { ports: [{ containerPort: 80 }] } });
    const side = { name: "side", image: "example.com/agent" };
    const both = {
      ...pod,
      spec: { ...pod.spec, containers: [...pod.spec.containers, side] },
      status: {
        ...pod.status,
        containerStatuses: [
          ...(pod.status.containerStatuses ?? []),
          { name: "side", ready: true, restartCount: 0, state: { running: {} } },
        ],
      },
    };
    expect(listenersOf(both).map((l) => l.port)).toEqual([80]);
  });
});

describe("parseListen", () => {
  it("leaves out what it cannot read", () => {
    expect(parseListen("80, x, 70000/TCP, [::1]:81/TCP, 5/SCTP").map((l) => `${l.ip} ${l.port} ${l.protocol}`)).toEqual(
      ["0.0.0.0 80 tcp", "::1 81 tcp", "0.0.0.0 5 sctp"],
    );
  });
});

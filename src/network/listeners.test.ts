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
      { image: "busybox", command: ["sh", "-c", "./serve"] },
      ["0.0.0.0:any/tcp assumed", "0.0.0.0:any/udp assumed"],
    ],
  ])("%s", (_name, container, expected) => {
    expect(ports({ container })).toEqual(expected);
  });

  const eighty = [{ containerPort: 80 }];
  it.each([
    ["busybox", "nc -lk -p 80", "0.0.0.0:80/tcp"],
    ["alpine", "ncat -lk 127.0.0.1 8080", "127.0.0.1:8080/tcp"],
    ["python:3.12", "python -m http.server", "0.0.0.0:8000/tcp"],
    ["python:3.12", "python3 -m http.server 9000 --bind 127.0.0.1", "127.0.0.1:9000/tcp"],
    ["python:3.12", "flask --app hello run", "127.0.0.1:5000/tcp"],
    ["python:3.12", "flask run -h 0.0.0.0 -p 80", "0.0.0.0:80/tcp"],
    ["python:3.12", "gunicorn app:app", "127.0.0.1:8000/tcp"],
    ["python:3.12", "gunicorn -b :8080 app:app", "0.0.0.0:8080/tcp"],
    ["python:3.12", "uvicorn main:app --port 8080", "127.0.0.1:8080/tcp"],
    ["python:3.12", "python manage.py runserver 0.0.0.0:8001", "0.0.0.0:8001/tcp"],
    ["python:3.12", "python manage.py runserver", "127.0.0.1:8000/tcp"],
    ["hashicorp/http-echo", "-text=hi -listen=:9090", "0.0.0.0:9090/tcp"],
    ["hashicorp/http-echo", "-text=hi", "0.0.0.0:5678/tcp"],
    ["redis:7", "redis-server --port 6380", "0.0.0.0:6380/tcp"],
    ["redis:7", "redis-server --bind 127.0.0.1", "127.0.0.1:6379/tcp"],
    ["redis:7", "redis-server /etc/redis.conf", "0.0.0.0:6379/tcp"],
    ["mysql:8", "mysqld --bind-address=127.0.0.1", "127.0.0.1:3306/tcp"],
    ["postgres:16", "-c listen_addresses=localhost", "127.0.0.1:5432/tcp"],
    ["mongo:7", "mongod --bind_ip localhost", "127.0.0.1:27017/tcp"],
    ["traefik/whoami", "--port 8080", "0.0.0.0:8080/tcp"],
    ["registry.k8s.io/e2e-test-images/agnhost:2.45", "netexec --http-port=9376", "0.0.0.0:9376/tcp 0.0.0.0:8081/udp"],
    ["alpine/socat", "TCP-LISTEN:7000,fork,bind=127.0.0.1 TCP:db:5432", "127.0.0.1:7000/tcp"],
    ["example.com/app", "serve --listen-address=127.0.0.1:9090", "127.0.0.1:9090/tcp"],
    ["example.com/app", "serve --upstream=127.0.0.1:9090", "0.0.0.0:any/tcp assumed 0.0.0.0:any/udp assumed"],
    ["nginx", "nginx -g 'daemon off;'", "0.0.0.0:80/tcp"],
  ])("%s %s", (image, line, expected) => {
    expect(ports({ container: { image, args: line.split(" ") } }).join(" ")).toBe(expected);
    // A shell has it in one string.
    const shell = { command: ["sh", "-c", line.startsWith("-") ? `serve ${line}` : line] };
    expect(ports({ container: { image, ...shell } }).join(" ")).toBe(expected);
  });

  it.each([
    ["a variable", { env: [{ name: "PORT", value: "3000" }] }, "0.0.0.0:3000/tcp"],
    ["an address in a variable", { env: [{ name: "HOST", value: "127.0.0.1" }], ports: eighty }, "127.0.0.1:80/tcp"],
    [
      "a variable that is somebody else's",
      { env: [{ name: "DB_HOST", value: "127.0.0.1" }], ports: eighty },
      "0.0.0.0:80/tcp",
    ],
    ["rather than what is declared", { args: ["--port=9090"], ports: [{ containerPort: 8080 }] }, "0.0.0.0:9090/tcp"],
    [
      "besides what else is declared",
      { args: ["--metrics-bind-address=127.0.0.1:8080"], ports: [{ containerPort: 9443 }] },
      "0.0.0.0:9443/tcp",
    ],
    [
      "one of several that are declared",
      { args: ["--listen=127.0.0.1:8080"], ports: [{ containerPort: 8080 }, { containerPort: 9100 }] },
      "127.0.0.1:8080/tcp 0.0.0.0:9100/tcp",
    ],
    [
      "a variable within a flag",
      { args: ["--listen=:$(MY_PORT)"], env: [{ name: "MY_PORT", value: "7070" }] },
      "0.0.0.0:7070/tcp",
    ],
    [
      "nothing that a stock image goes by",
      { image: "nginx", env: [{ name: "PORT", value: "3000" }] },
      "0.0.0.0:80/tcp",
    ],
  ])("%s", (_name, container, expected) => {
    expect(ports({ container: { image: "example.com/app", ...container } }).join(" ")).toBe(expected);
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

/** `kubectl -v=6`: the REST requests of each command, as kubectl sends them. */
import { describe, expect, it } from "vitest";
import { deployment, service, terminal, worldOf } from "./testing.ts";

const CORE = "/api/v1/namespaces/default";
const APPS = "/apis/apps/v1/namespaces/default";
const NEW = { "new.yaml": service("new") };
const OPENAPI = "GET /openapi/v3?timeout=32s 200";
const APPLY = "fieldManager=kubectl-client-side-apply&fieldValidation=Strict";

/** In this order, on one world. */
const TABLE: readonly (readonly [line: string, ...requests: string[]])[] = [
  ["get pods -A", "GET /api/v1/pods?limit=500 200"],
  ["get svc web", `GET ${CORE}/services/web 200`],
  ["get svc nope", `GET ${CORE}/services/nope 404`],
  [
    "get pods -l app=web,x!=y --field-selector status.phase=Running",
    `GET ${CORE}/pods?fieldSelector=status.phase%3DRunning&labelSelector=app%3Dweb%2Cx!%3Dy&limit=500 200`,
  ],
  ["get --raw /api/v1/nodes?limit=1", "GET /api/v1/nodes?limit=1 200"],
  ["get ns -w", "GET /api/v1/namespaces?limit=500 200", "GET /api/v1/namespaces?resourceVersion=N&watch=true 200"],
  [
    "describe svc web",
    `GET ${CORE}/services/web 200`,
    `GET ${CORE}/services/web 200`,
    "GET /apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dweb&limit=500 200",
    `GET ${CORE}/events?fieldSelector=involvedObject.kind%3DService%2CinvolvedObject.name%3Dweb%2CinvolvedObject.namespace%3Ddefault%2CinvolvedObject.uid%3DUID&limit=500 200`,
  ],
  ["apply -f new.yaml --dry-run=client", OPENAPI],
  ["apply -f new.yaml", OPENAPI, `GET ${CORE}/services/new 404`, `POST ${CORE}/services?${APPLY} 201`],
  ["apply -f new.yaml", OPENAPI, `GET ${CORE}/services/new 200`],
  [
    "apply -f new.yaml --server-side",
    OPENAPI,
    `PATCH ${CORE}/services/new?fieldManager=kubectl&fieldValidation=Strict&force=false 200`,
  ],
  ["label svc new a=b", `GET ${CORE}/services/new 200`, `PATCH ${CORE}/services/new?fieldManager=kubectl-label 200`],
  [
    "annotate svc new a=b --dry-run=server",
    `GET ${CORE}/services/new 200`,
    `PATCH ${CORE}/services/new?dryRun=All&fieldManager=kubectl-annotate 200`,
  ],
  [
    `patch svc new -p '{"spec":{"type":"NodePort"}}'`,
    `GET ${CORE}/services/new 200`,
    `PATCH ${CORE}/services/new?fieldManager=kubectl-patch 200`,
  ],
  [
    `patch svc new -p '{"spec":{"type":"Nope"}}'`,
    `GET ${CORE}/services/new 200`,
    `PATCH ${CORE}/services/new?fieldManager=kubectl-patch 422`,
  ],
  [
    "replace -f new.yaml",
    OPENAPI,
    `GET ${CORE}/services/new 200`,
    `PUT ${CORE}/services/new?fieldManager=kubectl-replace&fieldValidation=Strict 200`,
  ],
  ["create -f new.yaml", OPENAPI, `POST ${CORE}/services?fieldManager=kubectl-create&fieldValidation=Strict 409`],
  ["delete svc new", `DELETE ${CORE}/services/new 200`, `GET ${CORE}/services/new 404`],
  ["delete svc new", `DELETE ${CORE}/services/new 404`],
  ["create ns shop", "POST /api/v1/namespaces?fieldManager=kubectl-create&fieldValidation=Strict 201"],
  ["scale deploy web --replicas=2", `GET ${APPS}/deployments/web 200`, `PATCH ${APPS}/deployments/web/scale 200`],
  [
    "set image deploy/web web=nginx:2",
    `GET ${APPS}/deployments/web 200`,
    `PATCH ${APPS}/deployments/web?fieldManager=kubectl-set 200`,
  ],
  [
    "rollout undo deploy/web",
    `GET ${APPS}/deployments/web 200`,
    `GET ${APPS}/replicasets?labelSelector=app%3Dweb 200`,
    `PATCH ${APPS}/deployments/web?fieldManager=kubectl-rollout 200`,
  ],
  [
    "expose deploy web --name=two",
    `GET ${APPS}/deployments/web 200`,
    `POST ${CORE}/services?fieldManager=kubectl-expose 201`,
  ],
  ["run one --image=nginx", `POST ${CORE}/pods?fieldManager=kubectl-run 201`],
  ["logs one", `GET ${CORE}/pods/one 200`, `GET ${CORE}/pods/one/log?container=one 200`],
  ["exec deploy/nope -- env", `GET ${APPS}/deployments/nope 404`],
  [
    "logs deploy/web",
    `GET ${APPS}/deployments/web 200`,
    `GET ${CORE}/pods?labelSelector=app%3Dweb 200`,
    `GET ${CORE}/pods/POD/log?container=web 200`,
  ],
  [
    "exec one -- env",
    `GET ${CORE}/pods/one 200`,
    `GET ${CORE}/pods/one/exec?command=env&container=one&stderr=true&stdout=true 101`,
  ],
  ["events", `GET ${CORE}/events?limit=500 200`],
  ["explain svc", OPENAPI],
  ["api-resources", "GET /api?timeout=32s 200", "GET /apis?timeout=32s 200"],
  ["version", "GET /version?timeout=32s 200"],
  ["cordon worker-1", "GET /api/v1/nodes/worker-1 200", "PATCH /api/v1/nodes/worker-1 200"],
  ["cordon worker-1", "GET /api/v1/nodes/worker-1 200"],
  [
    "drain worker-3 --force",
    "GET /api/v1/nodes/worker-3 200",
    "PATCH /api/v1/nodes/worker-3 200",
    "GET /api/v1/pods?fieldSelector=spec.nodeName%3Dworker-3&limit=500 200",
    `POST ${CORE}/pods/one/eviction 201`,
  ],
  [
    "taint node worker-1 a=b:NoSchedule",
    "GET /api/v1/nodes/worker-1 200",
    "PATCH /api/v1/nodes/worker-1?fieldManager=kubectl-taint&fieldValidation=Strict 200",
  ],
];

describe("-v=6", () => {
  const { run } = terminal(worldOf(`${deployment("web", 1)}---\n${service("web")}`), NEW);

  it.each(TABLE)("kubectl %s", (line, ...requests) => {
    const [first, ...log] = run(`kubectl -v=6 ${line}`).stderr.split("\n");
    expect(first).toMatch(
      /^I0101 \d\d:\d\d:\d\d\.\d{6} +\d+ loader\.go:\d+\] Config loaded from file: {2}\/root\/\.kube\/config$/,
    );
    const shape =
      /^I0101 \d\d:\d\d:\d\d\.\d{6} +\d+ round_trippers\.go:\d+\] "Response" verb="(\w+)" url="https:\/\/192\.168\.56\.10:6443(\S+)" status="(\d+) [\w ]+" milliseconds=\d+$/;
    const seen = log.flatMap((one) => {
      const found = shape.exec(one);
      return found === null ? [] : [`${found[1]} ${found[2]} ${found[3]}`];
    });
    const plain = seen.map((one) =>
      one
        .replace(/resourceVersion=\d+/, "resourceVersion=N")
        .replace(/uid%3D[\w-]+/, "uid%3DUID")
        .replace(/web-\w+-\w+/, "POD"),
    );
    expect(plain).toEqual(requests);
  });
});

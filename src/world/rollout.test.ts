import { describe, expect, it } from "vitest";
import { seededChooser } from "../base/draw.ts";
import { MILLISECOND, type Micros, SECOND } from "../base/time.ts";
import type { Pod } from "../model/pod/types.ts";
import { podReady } from "../model/pod/types.ts";
import { send } from "../network/send.ts";
import { Session } from "./commands.ts";

interface Template {
  readonly image: string;
  /** Seconds of the preStop sleep; 0: none. */
  readonly preStop: number;
}

function text({ image, preStop }: Template): string {
  const hook = preStop === 0 ? "" : `\n          lifecycle: {preStop: {sleep: {seconds: ${preStop}}}}`;
  return `
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec:
  nodeName: worker-1
  containers: [{name: c, image: curlimages/curl}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: ${image}
          ports: [{containerPort: 8080}]
          readinessProbe: {httpGet: {port: 8080}, periodSeconds: 1}${hook}
`;
}

const EVERY = 50 * MILLISECOND;

interface Answered {
  readonly at: Micros;
  readonly outcome: string;
}

/** A request every 50 ms for so long, none waiting for the one before it. */
function bombard(session: Session, length: Micros): readonly Answered[] {
  const answers: Answered[] = [];
  const { cluster } = session;
  for (const end = cluster.now + length; cluster.now < end;) {
    const sent = send(
      cluster.view(),
      cluster.state.network,
      { from: "pod/default/client", to: "service/default/web:80", protocol: "tcp" },
      { id: cluster.now, chooser: seededChooser(cluster.now) },
    );
    if (!sent.ok) throw new Error(sent.error.message);
    answers.push({ at: cluster.now, outcome: sent.value.walk.outcome });
    session.dispatch({ type: "run", micros: EVERY });
  }
  return answers;
}

/** Rolls the Deployment out anew under fire and says which requests failed, counted from the apply. */
function rollOut(template: Omit<Template, "image">): {
  readonly session: Session;
  readonly answers: readonly Answered[];
  readonly failed: readonly Answered[];
} {
  const session = new Session(7);
  session.dispatch({ type: "text", text: text({ ...template, image: "nginx:1" }) });
  session.dispatch({ type: "pace", pace: "run" });
  const before = bombard(session, SECOND);
  expect(before.filter(({ outcome }) => outcome !== "delivered")).toEqual([]);
  const start = session.cluster.now;
  session.dispatch({ type: "text", text: text({ ...template, image: "nginx:2" }) });
  const answers = bombard(session, 20 * SECOND).map(({ at, outcome }) => ({ at: at - start, outcome }));
  return { session, answers, failed: answers.filter(({ outcome }) => outcome !== "delivered") };
}

const images = (session: Session): readonly (string | undefined)[] =>
  session.cluster.store
    .list<Pod>("Pod", "default")
    .filter((pod) => pod.metadata.labels?.["app"] === "web" && podReady(pod))
    .map((pod) => pod.spec.containers[0]?.image);

describe("a rolling update of three pods under a request every 50 ms", () => {
  it("fails some requests: pods are gone before every kube-proxy has heard of it", () => {
    const { session, failed } = rollOut({ preStop: 0 });
    expect(images(session)).toEqual(["nginx:2", "nginx:2", "nginx:2"]);
    expect(failed.length).toBeGreaterThan(2);
    // Each window is closed by the next sync: minSyncPeriod is a second.
    const first = failed[0]?.at ?? 0;
    const last = failed.at(-1)?.at ?? 0;
    expect(first).toBeGreaterThan(0);
    expect(last - first).toBeLessThan(10 * SECOND);
    expect(last).toBeLessThan(15 * SECOND);
  });

  it("fails none when the pods sleep before they stop", () => {
    const { session, answers, failed } = rollOut({ preStop: 5 });
    expect(images(session)).toEqual(["nginx:2", "nginx:2", "nginx:2"]);
    expect(answers.length).toBe(400);
    expect(failed).toEqual([]);
  });
});

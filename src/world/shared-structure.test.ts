import { expect, it } from "vitest";
import type { Pod } from "../model/pod/types.ts";
import { createWorld } from "./world.ts";

const WEB = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 6
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 80}]}]}
`;

it("keeps once what the pods of a template say alike, in every version of them: a cluster of 150,000 pods must fit in a tab", () => {
  const world = createWorld({ seed: 1 });
  world.dispatch({ type: "text", text: WEB });
  const versions = world
    .commitsAfter(0)
    .flatMap(({ added, updated }) => [...added, ...updated.map(([, to]) => to)])
    .filter((object): object is Pod => object.kind === "Pod" && object.metadata.name.startsWith("web-"));
  // Created, bound, running: no more versions than a real cluster would write.
  expect(versions).toHaveLength(6 * 3);
  const distinct = (of: (pod: Pod) => unknown): number => new Set(versions.map(of)).size;
  expect(distinct(({ metadata }) => metadata.labels)).toBe(1);
  expect(distinct(({ metadata }) => metadata.ownerReferences)).toBe(1);
  expect(distinct(({ metadata }) => metadata.creationTimestamp)).toBe(1);
  expect(distinct(({ spec }) => spec.containers)).toBe(1);
  expect(distinct(({ spec }) => spec.tolerations)).toBe(1);
  // One spec before they are bound, then one each; conditions as created, bound and running.
  expect(distinct(({ spec }) => spec)).toBe(1 + 6);
  expect(distinct(({ status }) => status.conditions)).toBe(3);
  expect(new Set(versions.flatMap(({ status }) => status.containerStatuses ?? [])).size).toBe(1);
});

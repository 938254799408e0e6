import { expect, it } from "vitest";
import { idsOf, diagnosisOf, expectMended } from "../why-testing.ts";

const SHOP = (label: string, selector: string): string => `
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec:
  selector:
    ${selector} # which pods
  ports:
    - port: 80
      targetPort: 8080
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 3
  selector: { matchLabels: { ${label} } }
  template:
    metadata: { labels: { ${label} } }
    spec: { containers: [{ name: web, image: nginx, ports: [{ containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Pod
metadata: { name: curl, namespace: shop, labels: { app: curl } }
spec: { containers: [{ name: curl, image: curlimages/curl }] }
`;
const REQUEST = { from: "pod/shop/curl", to: "service/shop/web:80" };

it("names the nearest label and mends the selector", () => {
  const found = expectMended({ yaml: SHOP("app: web", "app: web-frontend"), ...REQUEST }, "SVC-SELECTOR-NO-MATCH");
  expect(found.fix?.edits).toEqual([{ document: 0, path: "spec.selector.app", from: "web-frontend", to: "web" }]);
  expect(found.fix?.proof).toBe("every branch followed, in a fork: 3 of 3 endpoints reached");
});

it("finds nothing where the selector matches", () => {
  expect(idsOf(diagnosisOf({ yaml: SHOP("app: web", "app: web"), ...REQUEST }))).toEqual([]);
});

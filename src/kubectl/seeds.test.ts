/** Every command of the tutorials that this began from, with the columns and the wording of today's kubectl. Addresses and ages differ. */
import { describe, expect, it } from "vitest";
import { terminal, worldOf } from "./testing.ts";

const IP = String.raw`\d+\.\d+\.\d+\.\d+`;
/** A table's row: cells apart by three blanks or more. */
const row = (...cells: readonly string[]): RegExp => new RegExp(`^${cells.join(" {3,}")}$`, "m");

const clusterIP = `apiVersion: v1
kind: Service
metadata:
  name: my-service
spec:
  selector:
    app: my-app
  ports:
    - protocol: TCP
      port: 80
      targetPort: 8080
`;
const nodePort = clusterIP
  .replace("my-service", "my-nodeport-service")
  .replace("spec:\n", "spec:\n  type: NodePort\n")
  .replace("targetPort: 8080\n", "targetPort: 8080\n      nodePort: 30000\n");
const loadBalancer = clusterIP
  .replace("my-service", "my-loadbalancer-service")
  .replace("spec:\n", "spec:\n  type: LoadBalancer\n");

describe("the lifecycles of a Service, tutorial 0", () => {
  it.each([
    [
      "ClusterIP",
      clusterIP,
      "my-service",
      row("my-service", "ClusterIP", IP, "<none>", String.raw`80/TCP`, String.raw`\S+`),
    ],
    [
      "NodePort",
      nodePort,
      "my-nodeport-service",
      row("my-nodeport-service", "NodePort", IP, "<none>", String.raw`80:30000/TCP`, String.raw`\S+`),
    ],
    [
      "LoadBalancer",
      loadBalancer,
      "my-loadbalancer-service",
      row("my-loadbalancer-service", "LoadBalancer", IP, IP, String.raw`80:3\d{4}/TCP`, String.raw`\S+`),
    ],
  ])("applies, shows and deletes a %s Service", (_type, text, name, line) => {
    const world = worldOf();
    const { out, run } = terminal(world, { "service.yaml": text });
    expect(out("kubectl apply -f service.yaml")).toBe(`service/${name} created\n`);
    expect(out("kubectl apply -f service.yaml")).toBe(`service/${name} unchanged\n`);
    expect(out("kubectl get service")).toMatch(line);
    expect(out("iptables-save")).toContain(`default/${name}`);
    expect(out(`kubectl delete service ${name}`)).toBe(`service "${name}" deleted from default namespace\n`);
    expect(run(`kubectl get service ${name}`)).toEqual({
      stdout: "",
      stderr: `Error from server (NotFound): services "${name}" not found\n`,
      code: 1,
    });
    expect(run(`kubectl get endpoints ${name}`).stderr).toContain(`endpoints "${name}" not found`);
    expect(out("iptables-save")).not.toContain(`default/${name}`);
  });
});

const NGINX = `apiVersion: v1
kind: Service
metadata:
  labels:
    run: nginx
  name: nginx
  namespace: default
spec:
  ports:
  - port: 80
    protocol: TCP
    targetPort: 80
  selector:
    run: nginx
  sessionAffinity: None
  type: ClusterIP
---
apiVersion: v1
kind: Pod
metadata:
  name: nginx
  labels:
    run: nginx
spec:
  containers:
  - name: nginx
    image: nginx
`;

describe("the Service nginx, tutorial 1", () => {
  const { out, run } = terminal(worldOf(NGINX));

  it("kubectl get service nginx", () => {
    const printed = out("kubectl get service nginx");
    expect(printed).toMatch(/^NAME {4}TYPE {8}CLUSTER-IP {2,}EXTERNAL-IP {3}PORT\(S\) {3}AGE\n/);
    expect(printed).toMatch(row("nginx", "ClusterIP", IP, "<none>", "80/TCP", String.raw`\S+`));
  });

  it("kubectl get endpoints nginx, with today's warning", () => {
    const { stdout, stderr } = run("kubectl get endpoints nginx");
    expect(stdout).toMatch(new RegExp(`^NAME {4}ENDPOINTS +AGE\nnginx {3}${IP}:80 +\\S+\n$`));
    expect(stderr).toBe("Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n");
  });

  it("kubectl describe service nginx", () => {
    expect(out("kubectl describe service nginx").replaceAll(new RegExp(`${IP}`, "g"), "IP")).toBe(
      `Name:                     nginx
Namespace:                default
Labels:                   run=nginx
Annotations:              <none>
Selector:                 run=nginx
Type:                     ClusterIP
IP Family Policy:         SingleStack
IP Families:              IPv4
IP:                       IP
IPs:                      IP
Port:                     <unset>  80/TCP
TargetPort:               80/TCP
Endpoints:                IP:80
Session Affinity:         None
Internal Traffic Policy:  Cluster
Events:                   <none>
`,
    );
  });
});

const HEADLESS = `apiVersion: v1
kind: Service
metadata:
  labels:
    app: nginx
  name: nginx
spec:
  clusterIP: None
  ports:
  - name: tcp-80-80-3b6tl
    port: 80
    protocol: TCP
    targetPort: 80
  selector:
    app: nginx
  sessionAffinity: None
  type: ClusterIP
---
apiVersion: extensions/v1beta1
kind: Deployment
metadata:
  labels:
    app: nginx
  name: nginx
  namespace: default
spec:
  replicas: 2
  revisionHistoryLimit: 5
  selector:
    matchLabels:
      app: nginx
  template:
    metadata:
      labels:
        app: nginx
    spec:
      containers:
      - image: nginx:latest
        imagePullPolicy: Always
        name: nginx
        resources:
          limits:
            memory: 128Mi
          requests:
            cpu: 200m
            memory: 128Mi
      dnsPolicy: ClusterFirst
      restartPolicy: Always
`;

describe("the headless Service and the old Deployment, tutorial 1", () => {
  const { out, run } = terminal(worldOf(), { "nginx.yaml": HEADLESS });

  it("takes the old apiVersion with a warning that says what servers answer today", () => {
    const { stdout, stderr } = run("kubectl apply -f nginx.yaml");
    expect(stdout).toBe("service/nginx created\ndeployment.apps/nginx created\n");
    expect(stderr).toContain("Warning: extensions/v1beta1 Deployment is deprecated");
    expect(stderr).toContain('no matches for kind "Deployment" in version "extensions/v1beta1"');
  });

  it("kubectl get service --all-namespaces=true", () => {
    const printed = out("kubectl get service --all-namespaces=true");
    expect(printed).toMatch(/^NAMESPACE +NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE\n/);
    expect(printed).toMatch(row("default", "nginx", "ClusterIP", "None", "<none>", "80/TCP", String.raw`\S+`));
  });

  it("kubectl get pod", () => {
    const printed = out("kubectl get pod");
    expect(printed).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE\n/);
    expect(printed.match(/^nginx-[4-9bcdf]+-[a-z0-9]{5} {3}1\/1 {5}Running {3}0 {10}\S+$/gm)).toHaveLength(2);
  });

  it("dig says in one line that it comes later", () => {
    const { stderr, code } = run("dig @172.26.255.70  nginx.default.svc.cluster.local");
    expect(stderr).toMatch(/^dig: not supported here: .+\n$/);
    expect(code).toBe(1);
  });
});

const simple = (name: string, type = ""): string => `apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
${type}  ports:
  - port: 80
    targetPort: 80
  selector:
    app: nginx
`;

describe("local-cluster and nodeport-wide, tutorial 3", () => {
  const world = worldOf(
    "apiVersion: v1\nkind: Pod\nmetadata: {name: nginx, labels: {app: nginx}}\nspec: {containers: [{name: nginx, image: nginx}]}\n",
  );
  const { out } = terminal(world, {
    "clusterIP.yaml": simple("local-cluster"),
    "nodeportIP.yaml": simple("nodeport-wide", "  type: NodePort\n"),
  });

  it("kubectl create -f", () => {
    expect(out("$ kubectl create -f clusterIP.yaml")).toBe("service/local-cluster created\n");
    expect(out("$ kubectl create -f nodeportIP.yaml")).toBe("service/nodeport-wide created\n");
  });

  it("kubectl get pods -o wide", () => {
    const printed = out("kubectl get pods -o wide");
    expect(printed).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES\n/);
    expect(printed).toMatch(
      row("nginx", "1/1", "Running", "0", String.raw`\S+`, IP, String.raw`worker-\d`, "<none>", "<none>"),
    );
  });

  it("kubectl get service", () => {
    const printed = out("kubectl get service");
    expect(printed).toMatch(/^NAME {12}TYPE {8}CLUSTER-IP +EXTERNAL-IP {3}PORT\(S\) +AGE\n/);
    expect(printed).toMatch(
      row("kubernetes", "ClusterIP", String.raw`10\.96\.0\.1`, "<none>", "443/TCP", String.raw`\S+`),
    );
    expect(printed).toMatch(row("local-cluster", "ClusterIP", IP, "<none>", "80/TCP", String.raw`\S+`));
    expect(printed).toMatch(row("nodeport-wide", "NodePort", IP, "<none>", String.raw`80:3\d{4}/TCP`, String.raw`\S+`));
  });

  it("ps -aux | grep kube-apiserver", () => {
    const printed = out("ps -aux | grep kube-apiserver");
    expect(printed).toContain("--secure-port=6443 --service-account-");
    expect(printed).toContain("--service-account-key-file=/etc/kubernetes/pki/sa.pub");
    expect(printed).toContain("--service-cluster-ip-range=10.96.0.0/12");
    expect(printed).toContain("grep kube-apiserver");
  });

  it("iptables -L -t nat | grep local-cluster", () => {
    const lines = out("iptables -L -t nat | grep local-cluster").trimEnd().split("\n");
    const shapes = [
      new RegExp(`^KUBE-MARK-MASQ  all  --  ${IP} +anywhere +/\\* default/local-cluster \\*/$`),
      new RegExp(`^DNAT       tcp  --  anywhere +anywhere +/\\* default/local-cluster \\*/ tcp to:${IP}:80$`),
      new RegExp(
        `^KUBE-MARK-MASQ  tcp  -- !10\\.244\\.0\\.0/16 +${IP} +/\\* default/local-cluster cluster IP \\*/ tcp dpt:http$`,
      ),
      new RegExp(
        `^KUBE-SVC-[A-Z2-7]{16}  tcp  --  anywhere +${IP} +/\\* default/local-cluster cluster IP \\*/ tcp dpt:http$`,
      ),
      new RegExp(`^KUBE-SEP-[A-Z2-7]{16}  all  --  anywhere +anywhere +/\\* default/local-cluster -> ${IP}:80 \\*/$`),
    ];
    expect(lines).toHaveLength(shapes.length);
    for (const shape of shapes) expect(lines.filter((line) => shape.test(line))).toHaveLength(1);
  });

  it("cat /var/log/kube-proxy.log", () => {
    const printed = out("cat /var/log/kube-proxy.log");
    expect(printed).toContain('"Using iptables Proxier"');
    expect(printed).toMatch(/"Adding new service port" portName="default\/local-cluster" servicePort="[\d.]+:80\/TCP"/);
  });
});

describe("environment variables, tutorial 4", () => {
  const REDIS = `apiVersion: v1
kind: Service
metadata: {name: redis-master}
spec: {clusterIP: 10.96.17.6, selector: {app: redis}, ports: [{port: 6379}]}
---
apiVersion: v1
kind: Pod
metadata: {name: app}
spec: {containers: [{name: app, image: busybox}]}
`;

  it("has those of the Services that were there first, and not those of later ones", () => {
    const { out } = terminal(worldOf(REDIS), { "late.yaml": simple("late") });
    out("kubectl apply -f late.yaml");
    expect(out("kubectl exec app -- env | grep REDIS | sort")).toBe(
      `REDIS_MASTER_PORT=tcp://10.96.17.6:6379
REDIS_MASTER_PORT_6379_TCP=tcp://10.96.17.6:6379
REDIS_MASTER_PORT_6379_TCP_ADDR=10.96.17.6
REDIS_MASTER_PORT_6379_TCP_PORT=6379
REDIS_MASTER_PORT_6379_TCP_PROTO=tcp
REDIS_MASTER_SERVICE_HOST=10.96.17.6
REDIS_MASTER_SERVICE_PORT=6379
`,
    );
    expect(out("kubectl exec app -- env")).not.toContain("LATE_");
  });
});

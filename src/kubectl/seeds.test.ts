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

  it("dig has an address per pod", () => {
    // There kube-dns has another address: 172.26.255.70.
    const { stdout, code } = run("dig @10.96.0.10  nginx.default.svc.cluster.local");
    expect(code).toBe(0);
    expect(stdout.match(/^nginx\.default\.svc\.cluster\.local\. 30 IN\tA\t10\.244\.\d+\.\d+$/gm)).toHaveLength(2);
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

/** Subsets as a tutorial writes them, in a document of their own. */
const endpoints = (name: string, ips: readonly string[], port: number): string =>
  `apiVersion: v1\nkind: Endpoints\nmetadata:\n  name: ${name}\nsubsets:\n  - addresses:\n${ips.map((ip) => `      - ip: ${ip}\n`).join("")}    ports:\n      - port: ${port}\n`;
const PODS = ["10.244.1.5", "10.244.2.3"];
const DEPRECATED = "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n";
const myApp = (port: string, more = ""): string =>
  `apiVersion: v1\nkind: Service\nmetadata:\n  name: my-service\nspec:\n  selector:\n    app: MyApp\n  ports:\n${port}${more}`;
const HTTP = "    - protocol: TCP\n      port: 80\n      targetPort: 9376\n";

/**
 * All 19 documents of the five texts, in their order: what apply prints, and a line that get shows. An Endpoints without a Service
 * of its name is kept as it is; a controller's Endpoints takes the place of one whose Service has a selector.
 */
const DOCUMENTS: readonly {
  readonly of: string;
  readonly text: string;
  readonly applied: string;
  readonly warned?: string | RegExp;
  readonly get: string;
  readonly shown: RegExp;
}[] = [
  {
    of: "0: ClusterIP Service",
    text: clusterIP,
    applied: "service/my-service created\n",
    get: "svc my-service -o wide",
    shown: row("my-service", "ClusterIP", IP, "<none>", "80/TCP", String.raw`\S+`, "app=my-app"),
  },
  ...["my-service", "my-nodeport-service", "my-loadbalancer-service"].map((name) => ({
    of: `0: Endpoints ${name}`,
    text: endpoints(name, PODS, 8080),
    applied: `endpoints/${name} created\n`,
    warned: DEPRECATED,
    get: `ep ${name}`,
    shown: row(name, "10.244.1.5:8080,10.244.2.3:8080", String.raw`\S+`),
  })),
  {
    of: "0: NodePort Service",
    text: nodePort,
    applied: "service/my-nodeport-service created\n",
    get: "svc my-nodeport-service",
    shown: row("my-nodeport-service", "NodePort", IP, "<none>", "80:30000/TCP", String.raw`\S+`),
  },
  {
    of: "0: LoadBalancer Service",
    text: loadBalancer,
    applied: "service/my-loadbalancer-service created\n",
    get: "svc my-loadbalancer-service",
    shown: row("my-loadbalancer-service", "LoadBalancer", IP, IP, String.raw`80:3\d{4}/TCP`, String.raw`\S+`),
  },
  {
    of: "1: Service nginx",
    text: NGINX.split("---\n")[0] ?? "",
    applied: "service/nginx created\n",
    get: "svc nginx --show-labels",
    shown: row("nginx", "ClusterIP", IP, "<none>", "80/TCP", String.raw`\S+`, "run=nginx"),
  },
  {
    of: "1: Service with two named ports",
    text: `kind: Service
apiVersion: v1
metadata:
  name: my-service
spec:
  selector:
    app: MyApp
  ports:
  - name: http
    protocol: TCP
    port: 80
    targetPort: 9376
  - name: https
    protocol: TCP
    port: 443
    targetPort: 9377
`,
    applied: "service/my-service created\n",
    get: "svc my-service",
    shown: row("my-service", "ClusterIP", IP, "<none>", "80/TCP,443/TCP", String.raw`\S+`),
  },
  {
    of: "1: Service without selector, and its Endpoints (two documents)",
    text: `${myApp(HTTP).replace("  selector:\n    app: MyApp\n", "")}---\n${endpoints("my-service", ["1.2.3.4"], 9376)}`,
    applied: "service/my-service created\nendpoints/my-service created\n",
    warned: DEPRECATED,
    get: "endpointslices -l kubernetes.io/service-name=my-service",
    shown: row(String.raw`my-service-\w{5}`, "IPv4", "9376", "1.2.3.4", String.raw`\S+`),
  },
  {
    of: "1: ExternalName Service",
    text: `kind: Service
apiVersion: v1
metadata:
  name: my-service
  namespace: default
spec:
  type: ExternalName
  externalName: my.database.example.com
`,
    applied: "service/my-service created\n",
    get: "svc my-service",
    shown: row("my-service", "ExternalName", "<none>", "my.database.example.com", "<none>", String.raw`\S+`),
  },
  {
    of: "1: headless Service, and the Deployment of extensions/v1beta1 (two documents)",
    text: HEADLESS,
    applied: "service/nginx created\ndeployment.apps/nginx created\n",
    warned: /no matches for kind "Deployment" in version "extensions\/v1beta1"/,
    get: "deploy nginx",
    shown: row("nginx", "2/2", "2", "2", String.raw`\S+`),
  },
  {
    of: "1: internalTrafficPolicy Local",
    text: `${myApp(HTTP)}  internalTrafficPolicy: Local\n`,
    applied: "service/my-service created\n",
    get: "svc my-service -o custom-columns=NAME:.metadata.name,POLICY:.spec.internalTrafficPolicy",
    shown: row("my-service", "Local"),
  },
  {
    of: "1: Ingress of extensions/v1beta1",
    text: `apiVersion: extensions/v1beta1
kind: Ingress
metadata:
  name: test
spec:
  rules:
  - host: foo.bar.com
    http:
      paths:
      - backend:
          serviceName: s1
          servicePort: 80
  - host: bar.foo.com
    http:
      paths:
      - backend:
          serviceName: s2
          servicePort: 80
`,
    applied: "ingress.networking.k8s.io/test created\n",
    warned: /no matches for kind "Ingress" in version "extensions\/v1beta1"/,
    get: "ingress test",
    shown: /^test {3}<none> {3}foo\.bar\.com,bar\.foo\.com {13}80 {6}\S+$/m,
  },
  {
    of: "2: Service my-service",
    text: myApp(HTTP),
    applied: "service/my-service created\n",
    get: "svc my-service -o wide",
    shown: row("my-service", "ClusterIP", IP, "<none>", "80/TCP", String.raw`\S+`, "app=MyApp"),
  },
  {
    of: "3: local-cluster",
    text: simple("local-cluster"),
    applied: "service/local-cluster created\n",
    get: "svc local-cluster",
    shown: row("local-cluster", "ClusterIP", IP, "<none>", "80/TCP", String.raw`\S+`),
  },
  {
    of: "3: nodeport-wide",
    text: simple("nodeport-wide", "  type: NodePort\n"),
    applied: "service/nodeport-wide created\n",
    get: "svc nodeport-wide",
    shown: row("nodeport-wide", "NodePort", IP, "<none>", String.raw`80:3\d{4}/TCP`, String.raw`\S+`),
  },
  {
    of: "4: frontend-svc",
    text: `kind: Service
apiVersion: v1
metadata:
  name: frontend-svc
spec:
  selector:
    app: frontend
  ports:
  - protocol: TCP
    port: 80
    targetPort: 5000
`,
    applied: "service/frontend-svc created\n",
    get: "svc frontend-svc -o jsonpath='{.spec.ports[0].port} {.spec.ports[0].targetPort}'",
    shown: /^80 5000$/,
  },
];

describe("every document of the tutorials, applied by itself", () => {
  it.each(DOCUMENTS)("$of", ({ text, applied, warned = "", get, shown }) => {
    const { out, run } = terminal(worldOf(), { "a.yaml": text });
    const { stdout, stderr } = run("kubectl apply -f a.yaml");
    expect(stdout).toBe(applied);
    expect(stderr).toMatch(warned instanceof RegExp ? warned : new RegExp(`^${warned.replace(/[.+]/g, "\\$&")}$`));
    expect(out(`kubectl get ${get}`)).toMatch(shown);
    // Subsets are one value to a patch, and the server filled in their protocol: kubectl finds a difference each time.
    const again = applied.replace(/(endpoints\/\S+) created/, "$1 configured").replaceAll("created", "unchanged");
    expect(out("kubectl apply -f a.yaml")).toBe(again);
  });

  it("are nineteen", () => {
    expect(DOCUMENTS.map(({ text }) => text.split("---\n").length).reduce((a, b) => a + b)).toBe(19);
  });
});

/**
 * Text that links are likely to hold: deflate refers back to it, so that a short scenario makes a short link. It is part of
 * format v1 and must never change; another one needs another version. What is most likely stands last, as deflate prefers it.
 */
export const DICTIONARY_V1 = `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
clusterCIDR: 10.244.0.0/16
nodePortAddresses: minSyncPeriod: 1s
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
networking: serviceSubnet: 10.96.0.0/12 podSubnet: dnsDomain: cluster.local
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
addressType: IPv4
endpoints: - addresses: conditions: ready: true serving: terminating: false nodeName: targetRef: kubernetes.io/service-name:
kind: Endpoints
subsets: notReadyAddresses:
kind: CloudProvider
spec: {loadBalancer: nodePort, source: keep, snat, vip, none, addresses: {from: 203.0.113.10, to: 203.0.113.250}}
kind: Client
metadata: {name: internet}
spec: {ip: 198.51.100.24}
kind: Node
metadata: {name: worker-1, worker-2, worker-3, labels: {topology.kubernetes.io/zone: zone-1}}
spec: {podCIDR: 10.244.1.0/24} 10.244.2.0/24 10.244.3.0/24
status: {addresses: [{type: InternalIP, address: 192.168.56.11}]}
annotations: kubehop.dev/listen: "8080/TCP, 127.0.0.1:9000/TCP, 53/UDP" kubehop.dev/behavior:
externalTrafficPolicy: Local internalTrafficPolicy: Cluster sessionAffinity: ClientIP publishNotReadyAddresses: externalIPs: clusterIP: None externalName: loadBalancerIP:
readinessProbe: httpGet: path: / port: 80 initialDelaySeconds: periodSeconds: terminationGracePeriodSeconds: 30 hostNetwork: true nodeName: worker-1
matchExpressions: operator: In values: env: - name: value: protocol: UDP
kind: Pod
spec: containers: - name: curl image: curlimages/curl image: nginx:1.27 command: ["sleep", "infinity"]
kind: Namespace
metadata: name: shop
apiVersion: kubehop.dev/v1alpha1
kind: Lab
metadata: name: lab
spec: seed: 1 title: open: from: client/internet to: lb/shop/web:80
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  labels:
    app: web
spec:
  replicas: 3
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: web
          image: nginx
          ports:
            - containerPort: 8080
              name: http
---
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: default
spec:
  type: ClusterIP NodePort LoadBalancer
  selector:
    app: web
  ports:
    - name: http
      protocol: TCP
      port: 80
      targetPort: 8080
      nodePort: 30000
{"at":0,"command":{"type":"delete","key":"Pod/shop/web","force":false}},{"type":"kill","pod":"Pod/default/"},{"type":"scale","key":"Deployment/shop/web","replicas":3},{"type":"mode","mode":"nftables","ipvs"},{"type":"run","micros":1000000}
{"from":"pod/shop/curl","to":"service/shop/web:80","node/worker-1:30000","protocol":"udp"}
"upTo":null,"view":{"walk":1,"hop":{"leg":"reply","index":0},"object":"Service/shop/web","center":"netfilter"}}
}],"upTo":null,"view":{"walk":null,"hop":null,"object":null,"center":"map"}}
,{"at":0,"command":{"type":"send","request":{"from":"client/internet","to":"lb/shop/web:80","protocol":"tcp"}}}],"upTo":null,"view":{"walk":1,"hop":{"leg":"request","index":2},"object":null,"center":"map"}}
{"scenario":"loadbalancer","history":{"seed":null,"commands":[{"at":0,"command":{"type":"text","text":"`;

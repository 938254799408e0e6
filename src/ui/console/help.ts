/** What `help` prints. */
export const HELP = `Everything here runs on the cluster that is shown, at the time that is shown.

  kubectl get svc,endpointslices -A -o wide     look at objects; describe, logs, explain, events too
  kubectl apply -f scenario.yaml                files are the editor's tabs: ls, cat scenario.yaml
  kubectl scale deploy/web --replicas 5         create, delete, label, patch, set image, rollout, drain ...
  kubectl get pods -w                           prints as things change, until Ctrl-C
  kubectl exec -it POD -- sh                    a shell in a container; exit leaves it
  ssh worker-1                                  a shell on a node; client internet on a machine outside
  kubectl exec POD -- curl -s web               curl, wget, nc, ping, dig, traceroute ... make walks: see the map
  iptables-save -t nat | grep web               the rules of a node; nft list ruleset, ipvsadm -Ln, ipset list
  conntrack -L                                  what the node's kernel tracks; ss, ip route, tcpdump too
  sleep 5                                       lets virtual time pass; wait and rollout status do too

Pipes to grep, awk, sed, sort, head, tail, wc, cut, tr and xargs work, and so do for and while loops.
Tab completes. Up and Down, and Ctrl-R, find earlier lines. clear, history, help. Esc, then Tab leaves the console.
`;

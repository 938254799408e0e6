import type { ReactNode } from "react";
import styles from "./Help.module.css";

/** The grammar of the map in short: one mark and one sentence each. */
export function HelpPicture() {
  return (
    <ul className={styles["marks"]}>
      <Mark
        draw={
          <>
            <rect x="2" y="4" width="36" height="20" fill="var(--stamp)" stroke="var(--intent)" strokeDasharray="2 2" />
            <circle cx="12" cy="14" r="3" fill="var(--intent)" />
            <circle cx="20" cy="14" r="1.5" fill="var(--intent)" />
            <circle cx="28" cy="14" r="2.5" fill="var(--intent)" />
          </>
        }
      >
        <b>A stamp is a Service.</b> It is on no wire. Its ink runs down to every node and leaves an imprint where
        kube-proxy has written its rules; a dashed imprint is not written yet.
      </Mark>
      <Mark
        draw={
          <>
            <rect x="6" y="7" width="14" height="14" rx="3" fill="var(--request)" />
            <rect x="20" y="7" width="14" height="14" rx="3" fill="var(--dnat)" />
            <circle cx="13" cy="14" r="2.5" fill="var(--on-ink)" />
            <path d="m25 10 5 4-5 4z" fill="var(--on-ink)" />
          </>
        }
      >
        <b>A domino is a packet.</b> Left its source, right its destination. A half changes colour at the rule that
        rewrote it.
      </Mark>
      <Mark
        draw={
          <>
            <path d="M2 11h36" stroke="var(--request)" strokeWidth="2.5" />
            <path d="M2 16h36" stroke="var(--dnat)" strokeWidth="2.5" />
          </>
        }
      >
        <b>Two strands are its way.</b> Source on the left of travel, destination on the right. Blue as sent, magenta
        after DNAT, amber after SNAT.
      </Mark>
      <Mark draw={<path d="M2 14h36" stroke="var(--reply)" strokeWidth="2.5" strokeDasharray="5 3" />}>
        <b>Dashes are the reply.</b> It sheds the colours in reverse order: conntrack undoes what the rules did.
      </Mark>
      <Mark
        draw={
          <>
            <path d="M4 9h10l5 5-5 5H4z" fill="var(--dnat)" />
            <path
              d="M23.500 9.500h8l4.500 4.500-4.500 4.500h-8z"
              fill="none"
              stroke="var(--dnat)"
              strokeWidth="1.500"
            />
          </>
        }
      >
        <b>A filled tag rewrites, a hollow one undoes.</b> Pointing right: the destination. Pointing left: the source.
      </Mark>
      <Mark
        draw={
          <>
            <path d="M8 7h6l4 4v6l-4 4H8l-4-4v-6z" fill="var(--reject)" />
            <path d="M7.500 14h7" stroke="var(--on-ink)" strokeWidth="2" />
            <rect
              x="24"
              y="7"
              width="14"
              height="14"
              rx="2"
              fill="none"
              stroke="var(--drop)"
              strokeDasharray="3 2"
              strokeWidth="1.500"
            />
          </>
        }
      >
        <b>An octagon refuses, a dashed square drops.</b> Who is refused hears of it; who is dropped waits for a
        timeout.
      </Mark>
      <Mark draw={<path d="M20 3v20m-5-5 5 5 5-5" fill="none" stroke="var(--ink)" strokeWidth="2" />}>
        <b>Within a node packets fall.</b> PREROUTING, routing, FORWARD, POSTROUTING, in either direction: eth0 is left,
        the bridge right.
      </Mark>
      <Mark
        draw={<path d="M10 3v22M30 25V3m-5 5 5-5 5 5M5 20l5 5 5-5" fill="none" stroke="var(--ink)" strokeWidth="2" />}
      >
        <b>The ladder is a mirror.</b> The request goes down its left rail, the reply up its right one; what was
        rewritten faces its own undoing on the same rung.
      </Mark>
    </ul>
  );
}

function Mark({ draw, children }: { readonly draw: ReactNode; readonly children: ReactNode }) {
  return (
    <li>
      <svg width="40" height="28" viewBox="0 0 40 28" aria-hidden="true">
        {draw}
      </svg>
      <p>{children}</p>
    </li>
  );
}

/** What can be relied on, and what cannot. */
export function HelpTruth() {
  return (
    <div className={styles["truth"]}>
      <section>
        <h3>As on a real cluster</h3>
        <ul>
          <li>Admission, defaults, ClusterIP and node port allocation, EndpointSlices, rollouts, probes, evictions.</li>
          <li>
            kube-proxy’s rules in iptables, nftables and IPVS mode, equal to what kube-proxy 1.36 writes; userspace as
            it was up to 1.25. It is a process: it reads its configuration when it starts.
          </li>
          <li>
            What the kernel does with them: hooks in order, routing, conntrack with its timeouts, NAT and its undoing,
            sockets, ICMP errors.
          </li>
          <li>Names: CoreDNS is asked with real packets through its Service, search lists and ndots included.</li>
          <li>
            Shares are exact: every branch is followed with its weight. A single send draws, always the same for the
            same seed.
          </li>
        </ul>
      </section>
      <section>
        <h3>Not as on a real cluster</h3>
        <ul>
          <li>
            No container runs and no image is pulled. A container listens on the ports that it declares, or as an
            annotation says.
          </li>
          <li>
            The pod network is a bridge with routes between nodes, or what the Lab names. It is no test of a CNI
            plug-in.
          </li>
          <li>Latencies are plausible, not measured. Bandwidth, congestion and loss on wires do not exist.</li>
          <li>Packets carry no payload beyond an HTTP request or a DNS question; nothing is encrypted.</li>
          <li>The cloud’s balancer is a model of three kinds, of no provider in particular.</li>
        </ul>
      </section>
      <section>
        <h3>Good to know</h3>
        <ul>
          <li>Virtual time runs at 1/1000 or slower until you choose a speed: a walk takes about 2 ms.</li>
          <li>
            Everything that you do is a command. A shared link holds the text and the commands, and nothing leaves this
            tab.
          </li>
          <li>Right click, a long press or the Menu key shows what can be done with anything on the map.</li>
          <li>
            <code>README.md</code> beside the source has the whole list, the scenario’s own kinds and the command line.
          </li>
        </ul>
      </section>
    </div>
  );
}

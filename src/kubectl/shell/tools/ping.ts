/** `ping`: iputils' and busybox's. Each echo is a request of the history. */
import { isIPv6, parseIP } from "../../../base/ip.ts";
import { MILLISECOND, SECOND, type Micros } from "../../../base/time.ts";
import type { Output } from "../../output.ts";
import { flagNames, last, on, parseOptions, secondsOf } from "./options.ts";
import { passTime, reach, type Reached } from "./reach.ts";
import { KILLED, type Seat, type Tool } from "./seat.ts";

/** Without -c it would never end: so many echoes, then as if ^C had been pressed. */
const ROUNDS = 4;
/** What a terminal's line may cost. */
const MOST = 200;

const SPEC = {
  values: flagNames("c W i w s t I Q p M m l S"),
  switches: flagNames("n q v 4 6 A f D O R U a b B d h L r V"),
};

const ms = (micros: Micros): string => {
  const value = micros / 1_000;
  return value < 1
    ? value.toFixed(3)
    : value < 10
      ? value.toFixed(2)
      : value < 100
        ? value.toFixed(1)
        : value.toFixed(0);
};

export function ping(family: 4 | 6 | null): Tool {
  return (words, seat) => {
    const options = parseOptions(words, SPEC);
    const busybox = seat.kit.flavor === "busybox";
    const [host] = options.operands;
    if (host === undefined || options.unknown !== null) {
      return busybox
        ? { stdout: "", stderr: "BusyBox v1.36.1 multi-call binary.\n\nUsage: ping [OPTIONS] HOST\n", code: 1 }
        : { stdout: "", stderr: "ping: usage error: Destination address required\n", code: 1 };
    }
    const count = last(options, "c") === undefined ? null : Number(last(options, "c"));
    if (count !== null && (!Number.isInteger(count) || count < 1)) {
      return busybox
        ? { stdout: "", stderr: `ping: invalid number '${last(options, "c") ?? ""}'\n`, code: 1 }
        : { stdout: "", stderr: `ping: invalid argument: '${last(options, "c") ?? ""}'\n`, code: 1 };
    }
    const wanted = on(options, "6") ? 6 : on(options, "4") ? 4 : family;
    return echoes(seat, {
      host,
      family: wanted,
      count,
      interval: secondsOf(last(options, "i")) ?? SECOND,
      patience: secondsOf(last(options, "W")) ?? 10 * SECOND,
      quiet: on(options, "q"),
      whole: secondsOf(last(options, "w")),
      size: Math.min(Number(last(options, "s") ?? 56) || 56, 65_507),
      ttl: Math.min(Math.max(Number(last(options, "t") ?? 64) || 64, 1), 255),
      isWhole: on(options, "M") && last(options, "M") !== "dont",
    });
  };
}

interface Plan {
  readonly host: string;
  readonly family: 4 | 6 | null;
  readonly count: number | null;
  readonly interval: Micros;
  readonly patience: Micros;
  readonly quiet: boolean;
  readonly whole: Micros | null;
  readonly size: number;
  readonly ttl: number;
  /** Must an echo stay in one piece (-M do)? */
  readonly isWhole: boolean;
}

function echoes(seat: Seat, plan: Plan): Output {
  const { world } = seat;
  const { host, family, size } = plan;
  const busybox = seat.kit.flavor === "busybox";
  const startedAt = world.now;
  const most = Math.min(plan.count ?? ROUNDS, MOST);
  const lines: string[] = [];
  const times: Micros[] = [];
  let sent = 0;
  let errors = 0;
  let ip = "";
  let lastSentAt = startedAt;
  let killed = false;
  for (let seq = 1; seq <= most && !killed; seq++) {
    if (plan.whole !== null && world.now - startedAt >= plan.whole) break;
    const sentAt = world.now;
    const isLast = seq === most;
    // The name is looked up once.
    const reached = reach(seat, {
      host: ip === "" ? host : ip,
      port: 0,
      protocol: "icmp",
      ...(plan.ttl === 64 ? {} : { ttl: plan.ttl }),
      ...(plan.isWhole ? { size } : {}),
      ...(family && { family }),
      limit: isLast ? plan.patience : Math.min(plan.patience, plan.interval),
    });
    const stop = cannot(reached, host, busybox);
    if (stop !== null) return { stdout: "", stderr: stop, code: busybox ? 1 : 2 };
    if (reached.kind !== "attempt") break;
    ({ ip } = reached);
    const { symptom } = reached.walk;
    // sendto() itself fails: nothing left.
    if (symptom.startsWith("ping: connect")) {
      return busybox
        ? {
            stdout: `PING ${host} (${ip || host}): ${size} data bytes\n`,
            stderr: "ping: sendto: Network unreachable\n",
            code: 1,
          }
        : { stdout: "", stderr: `${symptom}\n`, code: 2 };
    }
    sent += 1;
    lastSentAt = sentAt;
    if (reached.ended === "killed") killed = true;
    else if (reached.ended === "answered") {
      const ttl = /ttl=(\d+)/.exec(symptom)?.[1] ?? "64";
      const time = reached.spent - reached.lookup;
      times.push(time);
      lines.push(
        busybox
          ? `${size + 8} bytes from ${ip}: seq=${seq - 1} ttl=${ttl} time=${(time / 1_000).toFixed(3)} ms`
          : `${size + 8} bytes from ${host !== ip && parseIP(host) === null ? `${host} (${ip})` : ip}: icmp_seq=${seq} ttl=${ttl} time=${ms(time)} ms`,
      );
    } else if (!busybox && /^(From|ping: sendmsg|ping: local error)/.test(symptom)) {
      errors += 1;
      lines.push(symptom.replace(/icmp_seq=\d+/, `icmp_seq=${seq}`));
    } else if (busybox && symptom.startsWith("ping: sendmsg")) lines.push("ping: sendto: Operation not permitted");
    if (!isLast && !killed) killed = !passTime(seat, Math.max(0, plan.interval - (world.now - sentAt)));
  }
  const shown = plan.quiet ? [] : lines;
  const received = times.length;
  const loss = sent === 0 ? 0 : Math.floor(((sent - received) * 100) / sent);
  const head = busybox
    ? `PING ${host} (${ip}): ${size} data bytes`
    : isIPv6(ip)
      ? `PING ${host} (${ip}) ${size} data bytes`
      : `PING ${host} (${ip}) ${size}(${size + 28}) bytes of data.`;
  const interrupted = plan.count === null && !killed ? ["^C"] : [];
  const statistics = busybox
    ? `${sent} packets transmitted, ${received} packets received, ${loss}% packet loss`
    : `${sent} packets transmitted, ${received} received,${errors > 0 ? ` +${errors} errors,` : ""} ${loss}% packet loss, time ${Math.floor((lastSentAt - startedAt) / MILLISECOND)}ms`;
  const tail = killed
    ? []
    : [
        `--- ${host} ping statistics ---`,
        statistics,
        ...roundTrip(times, busybox),
        ...(busybox || received > 0 ? [] : [""]),
      ];
  const stdout = [head, ...shown, ...interrupted, ...(killed ? [] : [""]), ...tail].map((line) => `${line}\n`).join("");
  return { stdout, stderr: "", code: killed ? KILLED.code : received > 0 ? 0 : 1 };
}

/** Why nothing can be sent at all. */
function cannot(reached: Reached, host: string, busybox: boolean): string | null {
  if (reached.kind === "impossible") return `ping: ${reached.message}\n`;
  if (reached.kind !== "name-error") return null;
  if (busybox) return `ping: bad address '${host}'\n`;
  return `ping: ${host}: ${reached.isAgain ? "Temporary failure in name resolution" : "Name or service not known"}\n`;
}

function roundTrip(times: readonly Micros[], busybox: boolean): readonly string[] {
  if (times.length === 0) return [];
  const sum = times.reduce((a, b) => a + b, 0);
  const mean = sum / times.length;
  const squares = times.reduce((a, b) => a + b * b, 0) / times.length;
  const values = [Math.min(...times), mean, Math.max(...times)].map((t) => (t / 1_000).toFixed(3));
  if (busybox) return [`round-trip min/avg/max = ${values.join("/")} ms`];
  const deviation = (Math.sqrt(Math.max(0, squares - mean * mean)) / 1_000).toFixed(3);
  return [`rtt min/avg/max/mdev = ${values.join("/")}/${deviation} ms`];
}

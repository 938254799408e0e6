import type { Position } from "../engine/history.ts";
import type { ApplyReport } from "../apiserver/types.ts";
import { statusDiagnostics } from "../manifest/manifest.ts";
import { type ObjectKey, splitKey } from "../model/meta/types.ts";
import { qualifiedResource } from "../model/kinds.ts";
import { kubectlText } from "../model/status.ts";
import type { Diagnostic } from "../model/trace/diagnostic.ts";
import type { Walk } from "../model/trace/types.ts";
import { isMode } from "../proxy/modes.ts";
import type { Command, CommandRecord, Refusal, TextReport } from "../wire/protocol.ts";
import { faultRefusal } from "./faults.ts";
import { malformed } from "./malformed.ts";
import { isPacketAction, makesWalk } from "./packets.ts";
import { markOf } from "./places.ts";
import { saysTheSame, type Scenario } from "./scenario.ts";
import { Cluster } from "./simulation.ts";

/** A command as it stands in the history: where it was given, and where it had run its course. */
interface Given {
  readonly record: CommandRecord;
  readonly before: Position;
  readonly after: Position;
}

const refuse = (message: string, field: string | null = null): Refusal => ({ message, field });

const NO_TEXT: TextReport = { accepted: true, diagnostics: [], admitted: 0, revision: 0 };

/** A run that was looked back into and gone on from differently lasted only up to there. */
function cutShort(given: Given, at: number): Given {
  const { record } = given;
  if (record.command.type !== "run" || record.at + record.command.micros <= at) return given;
  return { ...given, record: { ...record, command: { type: "run", micros: at - record.at } } };
}

/** Two stretches of time, one right after the other, are one. */
function joined(last: Given | undefined, next: Given): Given | null {
  const [first, second] = [last?.record.command, next.record.command];
  if (last === undefined || first?.type !== "run" || second.type !== "run") return null;
  if (last.record.at + first.micros !== next.record.at || last.after.inputs !== next.before.inputs) return null;
  const command: Command = { type: "run", micros: first.micros + second.micros };
  return { record: { at: last.record.at, command }, before: last.before, after: next.after };
}

/**
 * The command list and the cluster it makes. An edit replaces the text commands that nothing has followed; a text that is
 * refused stays in the list after the last good one, so that nothing typed is lost, and changes nothing.
 */
export class Session {
  readonly cluster: Cluster;
  private given: Given[] = [];
  /** The latest text when it was refused: it follows the history without being part of it. */
  private draft: CommandRecord | null = null;
  private latestReport: TextReport = NO_TEXT;
  private rewrites = 0;
  /** The text that was taken last, and what the API server said of it. */
  private taken: { readonly text: string; readonly scenario: Scenario; readonly dry: ApplyReport } | null = null;

  /** `every`: events between two checkpoints; `tell`: told now and then how many events have happened. */
  constructor(seed: number | null, every?: number, tell?: (handled: number) => void) {
    this.cluster = new Cluster(seed, every, tell);
  }

  get report(): TextReport {
    return this.latestReport;
  }

  /** Commands up to the moment shown. */
  get commands(): readonly CommandRecord[] {
    const records = this.visible().map((g) => g.record);
    return this.draft === null ? records : [...records, this.draft];
  }

  /** The text in force: the draft if there is one, else the last text command, else nothing. */
  get text(): string {
    const last = this.commands.findLast((record) => record.command.type === "text")?.command;
    return last?.type === "text" ? last.text : "";
  }

  /** The last text that was admitted: what the cluster shown is made of. */
  get admittedText(): string {
    const last = this.visible().findLast((g) => g.record.command.type === "text")?.record.command;
    return last?.type === "text" ? last.text : "";
  }

  /** Grows whenever the history shown is no longer a continuation of the one shown before. */
  get epoch(): number {
    return this.rewrites;
  }

  get endOfHistory(): number {
    return this.cluster.history.end.at;
  }

  /** Commands after the moment shown, which the next command forgets. */
  get later(): readonly CommandRecord[] {
    const visible = new Set(this.visible());
    return this.given.filter((g) => !visible.has(g)).map((g) => g.record);
  }

  /** Is the moment shown not the latest? */
  get isLookingBack(): boolean {
    const { position, end } = this.cluster.history;
    return position.handled !== end.handled || position.inputs !== end.inputs || position.at !== end.at;
  }

  /** Shows the moment `at` or, exactly, the place right after an event; one that is not of this history is passed over. */
  seek(at: number, after: number | null = null): void {
    const { history } = this.cluster;
    const place = after === null ? null : history.after(after);
    if (place === null) history.seek(Math.max(0, at));
    else history.seekTo(place);
    this.rewrites += 1;
  }

  /** Looks at another place of the history, and comes back. */
  at<T>(place: Position, look: () => T): T {
    const { history } = this.cluster;
    const shown = history.position;
    history.seekTo(place);
    try {
      return look();
    } finally {
      history.seekTo(shown);
    }
  }

  /**
   * Takes a command or says why not; a refused command leaves the present as it was. `until`: when the next command of a replayed
   * history was given, if that is known.
   */
  dispatch(command: Command, until?: number): { readonly refusal: Refusal | null; readonly walk: Walk | null } {
    const { history } = this.cluster;
    const shown = history.position;
    // Between two events of one instant nothing can be given: a replay would not find the place again.
    history.finishInstant();
    if (command.type === "text") {
      const refusal = this.takeText(command.text, until);
      if (refusal !== null) history.seekTo(shown);
      return { refusal, walk: null };
    }
    const refusal = this.check(command);
    if (refusal !== null) {
      history.seekTo(shown);
      return { refusal, walk: null };
    }
    const walks = this.cluster.state.walks.length;
    this.record(command, () => {
      if (command.type === "run") this.cluster.run(this.cluster.now + command.micros);
      else this.cluster.act(command, until);
    });
    return { refusal: null, walk: makesWalk(command) ? (this.cluster.state.walks[walks] ?? null) : null };
  }

  private visible(): readonly Given[] {
    const { inputs } = this.cluster.history.position;
    const { at } = this.cluster.history.position;
    return this.given.filter((g) => g.before.inputs < inputs || (g.before.at <= at && g.after.inputs <= inputs));
  }

  private record(command: Command, run: () => void): void {
    const { history } = this.cluster;
    const before = history.position;
    const at = this.cluster.now;
    this.given = this.visible().map((g) => cutShort(g, at));
    this.draft = null;
    run();
    const given = { record: { at, command }, before, after: history.position };
    const one = joined(this.given.at(-1), given);
    if (one === null) this.given.push(given);
    else this.given[this.given.length - 1] = one;
  }

  private takeText(text: string, until?: number): Refusal | null {
    const { history } = this.cluster;
    const scenario = this.cluster.scenario(text);
    const visible = this.visible();
    const kept = visible.slice(0, 1 + visible.findLastIndex((g) => g.record.command.type !== "text"));
    const base = visible[kept.length]?.before ?? history.position;
    const shown = history.position;

    let diagnostics = scenario.diagnostics;
    let sound = scenario.sound;
    const { taken } = this;
    // Only the words are others: the cluster stands as it would after doing it all again.
    const isOnly = kept.length === visible.length - 1 && visible.length === this.given.length && !this.isLookingBack;
    if (sound && isOnly && taken !== null && taken.text === this.admittedText && saysTheSame(scenario, taken.scenario))
      return this.reword(text, scenario, taken.dry);
    let dry: ApplyReport | null = null;
    if (sound) {
      history.seekTo(base);
      dry = this.cluster.dryRun(scenario);
      diagnostics = [...diagnostics, ...admissionDiagnostics(scenario, dry)];
      sound = dry.ok;
      if (sound) this.rewrites += 1;
      else history.seekTo(shown);
    }
    if (!sound) {
      this.draft = { at: this.cluster.now, command: { type: "text", text } };
      this.latestReport = { ...this.latestReport, accepted: false, diagnostics };
      return refuse(diagnostics.find((d) => d.severity === "error")?.message ?? "The text was not taken.");
    }
    this.record({ type: "text", text }, () => this.cluster.act({ type: "text", text }, until));
    this.taken = dry === null ? null : { text, scenario, dry };
    return this.accept(scenario, diagnostics);
  }

  /** Puts a text in the place of the last one, which says the same in other words. */
  private reword(text: string, scenario: Scenario, dry: ApplyReport): null {
    const last = this.given.pop();
    if (last !== undefined) this.given.push({ ...last, record: { ...last.record, command: { type: "text", text } } });
    this.draft = null;
    this.taken = { text, scenario, dry };
    return this.accept(scenario, [...scenario.diagnostics, ...admissionDiagnostics(scenario, dry)]);
  }

  private accept(scenario: Scenario, diagnostics: readonly Diagnostic[]): null {
    this.latestReport = {
      accepted: true,
      diagnostics: [...diagnostics, ...this.outdated(scenario)],
      admitted: scenario.objects.filter(({ document }) => document !== null).length,
      revision: this.cluster.store.revision,
    };
    return null;
  }

  /** What the text says of kube-proxy and those that run have not read. */
  private outdated(scenario: Scenario): readonly Diagnostic[] {
    const document = scenario.proxyDocuments.at(-1);
    const nodes = this.cluster.outdatedProxies;
    if (document === undefined || nodes.length === 0) return [];
    const many = nodes.length > 3 ? `${nodes.slice(0, 3).join(", ")} and ${nodes.length - 3} more` : nodes.join(", ");
    return [
      {
        severity: "warning",
        source: "note",
        message: `kube-proxy reads this only when it starts: it runs on ${many} as it was started before. kubectl -n kube-system rollout restart ds/kube-proxy`,
        range: markOf(scenario.manifest, document, "kind"),
        document,
        object: null,
        fixes: [],
      },
    ];
  }

  private check(command: Exclude<Command, { type: "text" }>): Refusal | null {
    if (isPacketAction(command)) return this.cluster.packetRefusal(command);
    switch (command.type) {
      case "delete":
        return this.exists(command.key);
      case "kill":
        return splitKey(command.pod).kind === "Pod"
          ? this.exists(command.pod)
          : refuse("Only a Pod's process can be killed.");
      case "scale": {
        const { kind } = splitKey(command.key);
        if (kind !== "Deployment" && kind !== "ReplicaSet") return refuse(`A ${kind} cannot be scaled.`);
        if (!Number.isInteger(command.replicas) || command.replicas < 0 || command.replicas > 10_000) {
          return refuse("Replicas are a whole number from 0 to 10,000.", "replicas");
        }
        return this.exists(command.key);
      }
      case "write": {
        const wrong = malformed(command.writes);
        if (wrong !== null) return refuse(wrong);
        for (const answer of this.cluster.attempt(command.writes)) {
          if (!answer.ok) return refuse(kubectlText(answer.error));
        }
        return null;
      }
      case "mode":
        return isMode(command.mode) ? null : refuse(`kube-proxy has no mode ${String(command.mode)}.`, "mode");
      case "fault":
        return faultRefusal(command, this.cluster.state.faults, this.cluster.store);
      case "pace":
        return null;
      case "run":
        return Number.isInteger(command.micros) && command.micros >= 0
          ? null
          : refuse("Time runs forward only.", "micros");
    }
  }

  private exists(key: ObjectKey): Refusal | null {
    if (this.cluster.store.get(key) !== undefined) return null;
    const { kind, name } = splitKey(key);
    return refuse(`Error from server (NotFound): ${qualifiedResource(kind)} "${name}" not found`, "key");
  }
}

/** What the API server said, at the fields it said it of. */
function admissionDiagnostics(scenario: Scenario, report: ApplyReport): readonly Diagnostic[] {
  const documentOf = (index: number | null): number => (index === null ? null : scenario.objects[index]?.document) ?? 0;
  const remark = (
    severity: "warning" | "info",
    source: "admission" | "note",
    path: string,
    { key, index, message }: ApplyReport["notes"][number],
  ): Diagnostic => {
    const document = documentOf(index);
    return {
      severity,
      source,
      message,
      range: markOf(scenario.manifest, document, path),
      document,
      object: key,
      fixes: [],
    };
  };
  return [
    ...report.refusals.flatMap(({ index, status }) => {
      const document = scenario.manifest.documents[documentOf(index)];
      return document === undefined ? [] : statusDiagnostics(document, status);
    }),
    ...report.warnings.map((warning) => remark("warning", "admission", "kind", warning)),
    ...report.notes.map((note) => remark("info", "note", "metadata.namespace", note)),
  ];
}

import type { JsonValue } from "../base/json.ts";
import type { Micros } from "../base/time.ts";
import type { Engine, QuietOptions } from "./engine.ts";
import type { Checkpoint, Delay, Pace, Quiet } from "./types.ts";

/** Something that came from outside, and exactly when: after `handled` events, with the clock at `at`. */
export interface Input {
  readonly at: Micros;
  readonly handled: number;
  readonly what:
    | {
        readonly type: "emit";
        readonly after: Delay;
        readonly actor: string;
        readonly kind: string;
        readonly data: JsonValue;
      }
    | { readonly type: "pace"; readonly pace: Pace };
}

/** An exact place in a history: between two events, and between two inputs. */
export interface Position {
  readonly at: Micros;
  readonly handled: number;
  /** Number of inputs that came before. */
  readonly inputs: number;
}

interface Mark<S> {
  readonly position: Position;
  readonly checkpoint: Checkpoint<S>;
  /** Events to the next one. */
  readonly room: number;
}

/**
 * A checkpoint that holds this many things is an event apart from the next: what all of them cost grows with the events, whatever
 * the size of the cluster, and going back costs no more than a part of having built it.
 */
const THINGS_PER_EVENT = 16;

/**
 * The past and the present of one engine: inputs and a checkpoint every `every` events, or more where much is held. All that comes from outside goes
 * through here, so that any moment can be visited again: the nearest checkpoint is restored and the inputs since then are
 * given again at their exact places. After a look back (`seek`), the next input makes that moment the present and forgets
 * what came after it.
 */
export class History<Ctx, S> {
  readonly engine: Engine<Ctx, S>;
  private readonly every: number;
  private given: Input[] = [];
  private marks: Mark<S>[] = [];
  private cursor = 0;
  private last: Position;

  /** Starts with the engine as it stands. `every`: the least number of events between two checkpoints. */
  constructor(engine: Engine<Ctx, S>, every = 500) {
    this.engine = engine;
    this.every = every;
    this.last = this.position;
    this.mark();
  }

  /** Where the engine stands. */
  get position(): Position {
    return { at: this.engine.now, handled: this.engine.handled, inputs: this.cursor };
  }

  /** The farthest that this history has gone: equal to `position` unless the view was sought back. */
  get end(): Position {
    return this.last;
  }

  /** What came from outside, in order. */
  get inputs(): readonly Input[] {
    return this.given;
  }

  /** Emits from outside at the present; what came after the present is forgotten. */
  emit(after: Delay, actor: string, kind: string, data: JsonValue): void {
    this.input({ type: "emit", after, actor, kind, data });
  }

  setPace(pace: Pace): void {
    if (this.engine.pace !== pace) this.input({ type: "pace", pace });
  }

  /** One event further. Makes the present the end of the history. */
  step(): boolean {
    this.cut();
    const went = this.engine.step();
    this.went();
    return went;
  }

  /** Goes on to `at`; makes that the end of the history. */
  runUntil(at: Micros): void {
    this.cut();
    for (let next = this.engine.nextAt(); next !== null && next <= at; next = this.engine.nextAt()) {
      this.engine.step();
      this.markIfDue();
    }
    this.engine.runUntil(at);
    this.went();
  }

  runToQuiet(options: QuietOptions = {}): Quiet {
    this.cut();
    const quiet = this.engine.runToQuiet(options, () => this.markIfDue());
    this.went();
    return quiet;
  }

  /** Shows the moment `at`: everything due then has happened. Times past the end show the end. */
  seek(at: Micros): void {
    if (at >= this.last.at) this.seekTo(this.last);
    else {
      const mark = this.nearest((position) => position.at <= at);
      this.goBackTo(mark);
      for (;;) {
        const input = this.given[this.cursor];
        if (input === undefined || input.at > at) break;
        this.replayUpTo(input.handled);
        this.give(input);
      }
      this.engine.runUntil(at);
    }
  }

  /** The place right after an event of this history, in the midst of an instant though it be; null when there was no such event. */
  after(seq: number): Position | null {
    const found = this.engine.handlingOf(seq);
    if (found === null) return null;
    return { ...found, inputs: this.given.filter((input) => input.handled < found.handled).length };
  }

  /** What is due at the moment shown happens, in a look back too: a moment can be named by its time, a place within it cannot. */
  finishInstant(): void {
    if (!isSame(this.position, this.last)) this.engine.runUntil(this.engine.now);
  }

  /** Shows an exact place of this history, as `position` named it. */
  seekTo(target: Position): void {
    if (isSame(target, this.position)) return;
    const mark = this.nearest((position) => isBefore(position, target));
    this.goBackTo(mark);
    while (this.cursor < target.inputs) {
      const input = this.given[this.cursor];
      if (input === undefined) break;
      this.replayUpTo(input.handled);
      this.give(input);
    }
    this.replayUpTo(target.handled);
    if (target.at > this.engine.now) this.engine.advanceTo(target.at);
  }

  /** Number of checkpoints kept: what a benchmark counts. */
  get checkpoints(): number {
    return this.marks.length;
  }

  private input(what: Input["what"]): void {
    this.cut();
    const input: Input = { at: this.engine.now, handled: this.engine.handled, what };
    this.given.push(input);
    this.give(input);
    this.went();
  }

  private give(input: Input): void {
    if (input.at > this.engine.now) this.engine.advanceTo(input.at);
    if (input.what.type === "pace") this.engine.setPace(input.what.pace);
    else this.engine.emit(input.what.after, input.what.actor, input.what.kind, input.what.data);
    this.cursor += 1;
  }

  private replayUpTo(handled: number): void {
    while (this.engine.handled < handled && this.engine.step());
  }

  /** Forgets what lies after the present. */
  private cut(): void {
    const here = this.position;
    if (isSame(here, this.last)) return;
    this.engine.forgetFuture();
    this.given.length = this.cursor;
    this.marks = this.marks.filter((mark) => isBefore(mark.position, here));
    this.last = here;
  }

  private went(): void {
    this.last = this.position;
    this.markIfDue();
  }

  private markIfDue(): void {
    const latest = this.marks[this.marks.length - 1];
    if (latest === undefined || this.engine.handled - latest.position.handled >= latest.room) this.mark();
  }

  private mark(): void {
    const room = Math.max(this.every, Math.ceil(this.engine.size / THINGS_PER_EVENT));
    this.marks.push({ position: this.position, checkpoint: this.engine.checkpoint(), room });
  }

  private nearest(fits: (position: Position) => boolean): Mark<S> {
    for (let i = this.marks.length - 1; i > 0; i--) {
      const mark = this.marks[i] as Mark<S>;
      if (fits(mark.position)) return mark;
    }
    return this.marks[0] as Mark<S>;
  }

  private goBackTo(mark: Mark<S>): void {
    this.engine.restore(mark.checkpoint);
    this.cursor = mark.position.inputs;
  }
}

function isSame(a: Position, b: Position): boolean {
  return a.at === b.at && a.handled === b.handled && a.inputs === b.inputs;
}

/** At or before, in time, events and inputs alike. */
function isBefore(a: Position, b: Position): boolean {
  return a.at <= b.at && a.handled <= b.handled && a.inputs <= b.inputs;
}

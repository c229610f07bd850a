/**
 * Results that rest on answers of the host, kept in this process for as long as the host answers the same.
 * @module
 */
import type { Host } from "../plugin/host.ts";
import { type Question, stillAnswers, type Trace } from "./host-trace.ts";

interface Kept<T> {
  readonly questions: readonly Question[];
  readonly value: T;
}

/** At most this many; the oldest goes first. */
const ENTRIES_MAX = 256;

export class Memo<T> {
  readonly #kept = new Map<string, Kept<T>>();

  get(key: string, host: Host): T | undefined {
    const found = this.#kept.get(key);
    return found && stillAnswers(host, found.questions) ? found.value : undefined;
  }

  /** Keeps nothing where not everything that was asked can be asked again. */
  set(key: string, trace: Trace, value: T): void {
    if (!trace.complete()) return;
    this.#kept.delete(key);
    this.#kept.set(key, { questions: trace.questions(), value });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > ENTRIES_MAX && oldest !== undefined) this.#kept.delete(oldest);
  }
}

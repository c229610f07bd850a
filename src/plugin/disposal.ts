/**
 * What must be released when a sandbox is gone.
 * @module
 */
import { releaseFailed } from "../errors/plugin.ts";

interface Held {
  readonly what: string;
  readonly release: () => void | Promise<void>;
}

/** Several errors as one; a single one as it is. The first is what went wrong first. */
export const combineErrors = (errors: readonly unknown[]): unknown =>
  errors.length === 1 ? errors[0] : new AggregateError(errors, `${errors.length} errors`);

/** A stack of things to release: in reverse order, all of them, whatever fails. */
export class Disposal {
  readonly #held: Held[] = [];

  /** `what` is for the message when releasing it fails: `cgroup /sys/fs/cgroup/bunker-17`. */
  defer(what: string, release: () => void | Promise<void>): void {
    this.#held.push({ what, release });
  }

  /** Releases everything, the last first. Returns what failed; never throws. What is added meanwhile is released too. */
  async release(): Promise<readonly unknown[]> {
    const errors: unknown[] = [];
    for (let held = this.#held.pop(); held !== undefined; held = this.#held.pop()) {
      try {
        await held.release();
      } catch (error) {
        errors.push(releaseFailed(held.what, error));
      }
    }
    return errors;
  }

  /** Runs the body, then releases. @throws what the body threw, with errors of the release behind it in an AggregateError */
  async around<T>(body: () => T | Promise<T>): Promise<T> {
    const errors: unknown[] = [];
    let outcome: { readonly value: T } | undefined;
    try {
      outcome = { value: await body() };
    } catch (error) {
      errors.push(...(error instanceof AggregateError ? error.errors : [error]));
    }
    errors.push(...(await this.release()));
    if (outcome === undefined || errors.length > 0) throw combineErrors(errors);
    return outcome.value;
  }
}

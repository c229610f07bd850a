/**
 * How long every stage and every hook took: what `--timings` prints.
 * @module
 */
export interface Timing {
  /** `resolve`, `assemble`, `clone` */
  readonly stage: string;
  /** Empty for a stage of Bunker's own. */
  readonly plugin: string;
  /** Milliseconds since this process started. */
  readonly startMs: number;
  readonly durationMs: number;
}

/** Records as it goes; two calls of a clock for each piece of work. */
export class Timings {
  readonly #records: Timing[] = [];

  get records(): readonly Timing[] {
    return this.#records;
  }

  /** Records a stage that ends now, for work that does not come back. */
  since(stage: string, startMs: number): void {
    this.#records.push({ stage, plugin: "", startMs, durationMs: performance.now() - startMs });
  }

  /** Runs the work and records it under that name, also when it throws. Of asynchronous work, the time until it is settled. */
  measure<T>(stage: string, work: () => T, plugin = ""): T {
    const startMs = performance.now();
    const record = (): void => {
      this.#records.push({ stage, plugin, startMs, durationMs: performance.now() - startMs });
    };
    let pending = false;
    try {
      const result = work();
      if (!(result instanceof Promise)) return result;
      pending = true;
      return result.finally(record) as T;
    } finally {
      if (!pending) record();
    }
  }
}

const milliseconds = (value: number): string => value.toFixed(3);

/** An aligned table in the order of starting times. Stages of Bunker's own contain their plugins'. */
export const printTimings = (records: readonly Timing[]): string => {
  const rows = [...records]
    .sort((one, other) => one.startMs - other.startMs)
    .map(
      ({ stage, plugin, startMs, durationMs }) =>
        [plugin === "" ? stage : `  ${plugin}.${stage}`, milliseconds(startMs), milliseconds(durationMs)] as const,
    );
  const table = [["stage", "at ms", "took ms"] as const, ...rows];
  const width = (column: 0 | 1 | 2): number => Math.max(...table.map((row) => row[column].length));
  return table
    .map(([name, start, took]) => `${name.padEnd(width(0))}  ${start.padStart(width(1))}  ${took.padStart(width(2))}`)
    .join("\n");
};

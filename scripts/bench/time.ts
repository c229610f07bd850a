/**
 * Interleaved rounds: a slow second of the machine is everyone's, so ratios hold where times do not.
 * @module
 */
import type { Contender } from "./contender.ts";

export interface Timing {
  readonly median: number;
  readonly min: number;
}

const WARM_UP = 3;

const once = async ({ start }: Contender): Promise<number> => {
  const since = Bun.nanoseconds();
  await start();
  return (Bun.nanoseconds() - since) / 1e6;
};

const timingOf = (samples: readonly number[]): Timing => {
  const sorted = samples.toSorted((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN, min: sorted[0] ?? Number.NaN };
};

/** Milliseconds from start to exit, by name. */
export const timings = async (contenders: readonly Contender[], rounds: number): Promise<Map<string, Timing>> => {
  const samples = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const contender of contenders) {
      const took = await once(contender);
      if (round >= 0) samples.get(contender.name)?.push(took);
    }
  }
  return new Map([...samples].map(([name, taken]) => [name, timingOf(taken)]));
};

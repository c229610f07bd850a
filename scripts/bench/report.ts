/**
 * The results as two tables.
 * @module
 */
import { type Absent, type Contender, isPresent } from "./contender.ts";
import type { Memory } from "./memory.ts";
import type { Timing } from "./time.ts";

export interface Results {
  readonly rounds: number;
  readonly entries: readonly (Contender | Absent)[];
  readonly timings: ReadonlyMap<string, Timing>;
  readonly memory: ReadonlyMap<string, Memory>;
}

/** Everything is measured against it. */
const REFERENCE = "bwrap";

const align = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => Bun.stringWidth(row[at] ?? ""))));
  const last = widths.length - 1;
  const cell = (text: string, at: number): string =>
    at === 0 || at === last ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0);
  return rows.map((row) => row.map(cell).join("  ").trimEnd()).join("\n");
};

const ratio = (value: number, reference: number | undefined): string =>
  reference === undefined ? "–" : (value / reference).toFixed(2);

const timeRow = (entry: Contender | Absent, { timings }: Results): string[] => {
  if (!isPresent(entry)) return [entry.name, "–", "–", "–", entry.absent];
  const timing = timings.get(entry.name);
  if (timing === undefined) return [entry.name, "–", "–", "–", ""];
  const { median, min } = timing;
  const times = ratio(median, timings.get(REFERENCE)?.median);
  return [entry.name, median.toFixed(2), min.toFixed(2), times, entry.note ?? ""];
};

const memoryRow = ([name, { idle, processes, peak }]: [string, Memory], { memory }: Results): string[] => {
  if (Number.isNaN(idle)) return [name, "–", "–", "–", `${processes}, not readable`];
  return [name, `${idle}`, `${peak}`, ratio(idle, memory.get(REFERENCE)?.idle), `${processes}`];
};

export const asText = (results: Results): string =>
  [
    `${results.rounds} interleaved rounds, start to exit of /bin/true, milliseconds`,
    "",
    align([["", "median", "min", `× ${REFERENCE}`, ""], ...results.entries.map((entry) => timeRow(entry, results))]),
    "",
    "memory of everything but the payload, kB (PSS)",
    "",
    align([
      ["", "idle", "peak", `× ${REFERENCE}`, "processes"],
      ...[...results.memory].map((row) => memoryRow(row, results)),
    ]),
  ].join("\n");

export const asJson = ({ rounds, entries, timings, memory }: Results): string =>
  JSON.stringify(
    {
      rounds,
      times: Object.fromEntries(timings),
      memory: Object.fromEntries(memory),
      absent: Object.fromEntries(entries.flatMap((entry) => (isPresent(entry) ? [] : [[entry.name, entry.absent]]))),
    },
    undefined,
    2,
  );

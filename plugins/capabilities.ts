/**
 * Capabilities of the payload, in all five sets: none, unless they are asked for.
 *
 * They reach only what the sandbox's own namespaces own.
 *
 * Errors the launcher can report from here:
 * - `EPERM` of capset(2): more than the launcher itself has.
 *
 * @see https://man7.org/linux/man-pages/man7/capabilities.7.html
 * @module
 */
import * as v from "valibot";
import { CAPABILITIES, capabilities, definePlugin, type Flag, note } from "../src/api.ts";

const ALL = "ALL";
const SYS_ADMIN = CAPABILITIES.indexOf("SYS_ADMIN");
const SYS_RESOURCE = CAPABILITIES.indexOf("SYS_RESOURCE");

/** `cap_net_admin`, `NET_ADMIN` → `NET_ADMIN`. */
const canonical = (name: string): string => name.toUpperCase().replace(/^CAP_/, "");

const numberOf = (name: string): number => CAPABILITIES.indexOf(canonical(name) as never);
const isKnown = (name: string): boolean => canonical(name) === ALL || numberOf(name) >= 0;

/** Steps of one letter from one word to the other (Levenshtein). */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries())
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)));
    row = next;
  }
  return row[b.length] ?? 0;
};

const nearest = (name: string): string =>
  [...CAPABILITIES].sort((a, b) => distance(canonical(name), a) - distance(canonical(name), b))[0] ?? ALL;

const allowed = (name: string): string => `${ALL} or a capability of capabilities(7); the nearest is ${nearest(name)}`;

const names = (description: string) =>
  v.optional(
    v.pipe(
      v.array(
        v.pipe(
          v.string(),
          v.check(isKnown, ({ input }) => `Unknown capability ${input}; allowed: ${allowed(input)}`),
        ),
      ),
      v.description(description),
    ),
  );

const disjoint = ({ add = [], drop = [] }: { add?: string[] | undefined; drop?: string[] | undefined }): boolean =>
  !add.some((name) => drop.map(canonical).includes(canonical(name)));

const config = v.pipe(
  v.strictObject({
    add: names("Capabilities that the payload has: names with or without `CAP_`, or `ALL`."),
    drop: names("Capabilities taken away from `add`; `ALL` leaves what `add` names."),
  }),
  v.check(disjoint, "A capability cannot be both added and dropped"),
);

type Config = v.InferOutput<typeof config>;

const capabilityFlag = (key: keyof Config, summary: string): Flag<Config> => ({
  value: "NAME|ALL",
  summary,
  apply: (section, value, ctx) =>
    isKnown(value) ? { ...section, [key]: [...(section[key] ?? []), value] } : ctx.refuse(value, allowed(value)),
});

const numbersOf = (list: readonly string[]): readonly number[] => list.map(numberOf).filter((number) => number >= 0);
const hasAll = (list: readonly string[]): boolean => list.some((name) => canonical(name) === ALL);

/** Numbers of what a section gives the payload, in their order. */
export const grantedBy = ({ add = [], drop = [] }: Config): readonly number[] => {
  const base = hasAll(add) ? CAPABILITIES.map((_, number) => number) : [];
  const dropped = new Set(numbersOf(drop));
  const kept = new Set([...base.filter((number) => !dropped.has(number)), ...numbersOf(add)]);
  return [...kept].sort((a, b) => a - b);
};

export default definePlugin<Config>({
  name: "capabilities",
  summary: "No capabilities, in all five sets",
  after: ["userns"],
  config,
  flags: {
    "cap-add": capabilityFlag("add", "Give the payload a capability over the sandbox's own namespaces"),
    "cap-drop": capabilityFlag("drop", "Take a capability away from --cap-add ALL"),
  },

  *plan(section, { identity: { nested = false, outside } }) {
    const granted = grantedBy(section);
    if (granted.length > 0) yield capabilities(granted);
    if (granted.includes(SYS_ADMIN))
      yield note("CAP_SYS_ADMIN: the payload may remount what is shown read-only, and write where its id outside may.");
    if (granted.includes(SYS_RESOURCE) && !nested && outside !== "host")
      yield note(
        "CAP_SYS_RESOURCE: the payload may lift the limit on user namespaces, where it can write to /proc/sys.",
      );
  },
});

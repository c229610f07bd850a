/**
 * Contributions of all plugins → one frozen plan. Contradictions are found here, once, and name both plugins.
 * @module
 */
import invariant from "tiny-invariant";
import { conflict } from "../errors.ts";
import type { Contribution, Entry } from "./contribution.ts";
import type { From, Plan } from "./plan.ts";

/** By content. Bun's own comparison: node:util is 1.6 ms of a start. */
const equal = (one: object, other: object): boolean => Bun.deepEquals(one, other, true);

type Kind = Contribution["kind"];
type Of<K extends Kind> = Extract<Contribution, { kind: K }>;
type Collected = From<Contribution>;

const ofKind = <K extends Kind>(all: readonly Collected[], kind: K): readonly From<Of<K>>[] =>
  all.filter((one): one is From<Of<K>> => one.kind === kind);

/** The one contribution of a kind; two that differ are a conflict. */
const only = <K extends Kind>(all: readonly Collected[], kind: K): From<Of<K>> | undefined => {
  const [first, ...others] = ofKind(all, kind);
  for (const other of others) {
    const { plugin, ...value } = other;
    const { plugin: firstPlugin, ...firstValue } = first as From<Of<K>>;
    if (!equal(value, firstValue)) throw conflict(kind, firstPlugin, plugin);
  }
  return first;
};

/** The last value of a name within one plugin wins; two plugins may only agree. */
const byName = <T extends { readonly name: string; readonly plugin: string }>(kind: string, all: readonly T[]): readonly T[] => {
  const found = new Map<string, T>();
  for (const one of all) {
    const other = found.get(one.name);
    if (other && other.plugin !== one.plugin && !equal({ ...other, plugin: "" }, { ...one, plugin: "" }))
      throw conflict(`${kind} ${one.name}`, other.plugin, one.plugin);
    found.set(one.name, one);
  }
  return [...found.values()];
};

/** Components of an absolute path: `/usr//lib/` is `["usr", "lib"]`. */
export const components = (path: string): readonly string[] => path.split("/").filter((part) => part !== "" && part !== ".");

const normalise = (target: string): string => `/${components(target).join("/")}`;

const compareTargets = (a: From<Entry>, b: From<Entry>): number => {
  const [left, right] = [components(a.target), components(b.target)];
  const at = left.findIndex((part, index) => part !== right[index]);
  if (at === -1) return left.length - right.length;
  if (right[at] === undefined) return 1;
  return (left[at] as string) < (right[at] as string) ? -1 : 1;
};

/** One entry for each target, parents before what is in them. A directory gives way to anything that is more. */
const mergeEntries = (all: readonly From<Entry>[]): readonly From<Entry>[] => {
  const found = new Map<string, From<Entry>>();
  for (const one of all) {
    invariant(one.target.startsWith("/") && !components(one.target).includes(".."), `${one.plugin}: target ${one.target} is absolute, without ..`);
    const target = normalise(one.target);
    const other = found.get(target);
    if (other && one.type === "directory") continue;
    if (other && other.type !== "directory" && !equal({ ...other, plugin: "" }, { ...one, target, plugin: "" }))
      throw conflict(`mount at ${target}`, other.plugin, one.plugin);
    found.set(target, { ...one, target });
  }
  return [...found.values()].sort(compareTargets);
};

export interface MergeInput {
  readonly command: readonly string[];
  readonly contributions: readonly From<Contribution>[];
  readonly supervisedBy: Plan["supervisedBy"];
}

const CORE = "bunker";

/** @throws BunkerError when two plugins contradict each other */
export const mergePlan = ({ command, contributions, supervisedBy }: MergeInput): Plan => {
  const identity = only(contributions, "identity");
  const root = only(contributions, "root");
  invariant(identity && root, "some plugin decides on identity and root");
  return Object.freeze<Plan>({
    command,
    supervisedBy,
    namespaces: byName("namespace", ofKind(contributions, "namespace")),
    identity: { ...identity.identity, plugin: identity.plugin },
    root: { ...root.root, plugin: root.plugin },
    entries: mergeEntries(ofKind(contributions, "entry").map(({ entry, plugin }) => ({ ...entry, plugin }))),
    steps: ofKind(contributions, "inside"),
    environment: byName("environment variable", ofKind(contributions, "environment")),
    workdir: ofKind(contributions, "workdir").at(-1) ?? { path: "/", plugin: CORE },
    init: only(contributions, "init") ?? { enabled: true, plugin: CORE },
    capabilities: only(contributions, "capabilities") ?? { numbers: [], plugin: CORE },
    newPrivileges: only(contributions, "newPrivileges") ?? { allowed: false, plugin: CORE },
    notes: ofKind(contributions, "note"),
  });
};

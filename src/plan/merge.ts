/**
 * Contributions of all plugins → one frozen plan. Contradictions are found here, once, and name both plugins.
 * @module
 */
import invariant from "tiny-invariant";
import { conflict } from "../errors.ts";
import type { Contribution, Cover, Entry, Root, Secret } from "./contribution.ts";
import { mergeLandlock } from "./landlock/merge.ts";
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
const byName = <T extends { readonly name: string; readonly plugin: string }>(
  kind: string,
  all: readonly T[],
): readonly T[] => {
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
export const components = (path: string): readonly string[] =>
  path.split("/").filter((part) => part !== "" && part !== ".");

const normalise = (target: string): string => `/${components(target).join("/")}`;

const compareTargets = (a: { readonly target: string }, b: { readonly target: string }): number => {
  const [left, right] = [components(a.target), components(b.target)];
  const at = left.findIndex((part, index) => part !== right[index]);
  if (at === -1) return left.length - right.length;
  if (right[at] === undefined) return 1;
  return (left[at] as string) < (right[at] as string) ? -1 : 1;
};

/** What is mounted beats what is made, and a file or link beats a directory: a volume on /etc/hosts replaces ours. */
const WEIGHTS: Readonly<Record<Entry["type"], number>> = {
  directory: 0,
  file: 1,
  symlink: 1,
  tmpfs: 2,
  bind: 2,
  overlay: 2,
  filesystem: 2,
};

const weightOf = (entry: Entry): number => (entry.type === "file" && entry.mount ? 2 : WEIGHTS[entry.type]);

const heavier = (one: From<Entry>, other: From<Entry>): From<Entry> => {
  const difference = weightOf(one) - weightOf(other);
  if (difference !== 0) return difference > 0 ? one : other;
  if (equal({ ...one, plugin: "" }, { ...other, plugin: "" }) || one.type === "directory") return other;
  throw conflict(`mount at ${one.target}`, other.plugin, one.plugin);
};

/** One of each target, parents before what is in them. */
const byTarget = <T extends { readonly target: string; readonly plugin: string }>(
  all: readonly T[],
  choose: (one: T, other: T) => T,
): readonly T[] => {
  const found = new Map<string, T>();
  for (const given of all) {
    invariant(
      given.target.startsWith("/") && !components(given.target).includes(".."),
      `${given.plugin}: target ${given.target} is absolute, without ..`,
    );
    const one = { ...given, target: normalise(given.target) };
    const other = found.get(one.target);
    found.set(one.target, other ? choose(one, other) : one);
  }
  return [...found.values()].sort(compareTargets);
};

/** What is hidden stays hidden, whoever else would have it read-only. */
const stricter = (one: From<Cover>, other: From<Cover>): From<Cover> => (other.how === "hidden" ? other : one);

const isMount = (entry: Entry): boolean => weightOf(entry) === 2;

/** The mount that a target lies on; undefined for the root. `entries` are sorted: the last one above it is the nearest. */
export const mountAbove = <T extends Entry>(entries: readonly T[], target: string): T | undefined =>
  entries.findLast((other) => isMount(other) && target.startsWith(`${other.target}/`));

/** Whether a target lies on a tmpfs of ours, where it can be made. */
const isOwnGround = (root: Root, entries: readonly Entry[], target: string): boolean =>
  (mountAbove(entries, target) ?? root).type === "tmpfs";

/** Nothing is written into directories of the user's: what would have to be made there is left out, and a note says so. */
const leaveOutForeign = (
  root: Root,
  all: readonly From<Entry>[],
): { readonly entries: readonly From<Entry>[]; readonly notes: Plan["notes"] } => {
  const entries = all.filter((entry) => isMount(entry) || isOwnGround(root, all, entry.target));
  const left = all.filter((entry) => !entries.includes(entry) && entry.type !== "directory");
  const notes = left.map(({ target, plugin }) => ({ plugin, text: `${target} is the shared directory's own` }));
  return { entries, notes };
};

export interface MergeInput {
  readonly command: readonly string[];
  readonly contributions: readonly From<Contribution>[];
  readonly supervisedBy: Plan["supervisedBy"];
}

const CORE = "bunker";

/** An image maps one id, that of whoever starts it. */
const givenOutIds = ({ identity: { outside }, plugin }: From<Of<"identity">>): Plan["runOnly"] =>
  outside === "range" || outside === "maps" ? [{ plugin, reason: "many ids are given out when it starts" }] : [];

/** @throws BunkerError when two plugins contradict each other */
export const mergePlan = ({ command, contributions, supervisedBy }: MergeInput): Plan => {
  const identity = only(contributions, "identity");
  const root = only(contributions, "root");
  invariant(identity && root, "some plugin decides on identity and root");
  const stdio = only(contributions, "stdio");
  const seccomp = only(contributions, "seccomp");
  const merged = byTarget<From<Entry>>(
    ofKind(contributions, "entry").map(({ entry, plugin }) => ({ ...entry, plugin })),
    heavier,
  );
  const { entries, notes } = leaveOutForeign(root.root, merged);
  const landlock = mergeLandlock(only(contributions, "landlock"), ofKind(contributions, "tcpPorts"));
  return Object.freeze<Plan>({
    command,
    supervisedBy,
    namespaces: byName("namespace", ofKind(contributions, "namespace")),
    identity: { ...identity.identity, plugin: identity.plugin },
    root: { ...root.root, plugin: root.plugin },
    entries,
    covers: byTarget<From<Cover>>(
      ofKind(contributions, "cover").map(({ cover, plugin }) => ({ ...cover, plugin })),
      stricter,
    ),
    secrets: byName<From<Secret>>(
      "secret",
      ofKind(contributions, "secret").map(({ secret, plugin }) => ({ ...secret, plugin })),
    ),
    steps: ofKind(contributions, "inside"),
    environment: byName("environment variable", ofKind(contributions, "environment")),
    workdir: ofKind(contributions, "workdir").at(-1) ?? { path: "/", plugin: CORE },
    init: only(contributions, "init") ?? { enabled: true, plugin: CORE },
    capabilities: only(contributions, "capabilities") ?? { numbers: [], plugin: CORE },
    newPrivileges: only(contributions, "newPrivileges") ?? { allowed: false, plugin: CORE },
    oomScore: only(contributions, "oomScore") ?? { atLeast: 0, plugin: CORE },
    stdio: stdio ? { ...stdio.stdio, plugin: stdio.plugin } : { streams: "relay", terminal: "auto", plugin: CORE },
    ...(landlock === undefined ? {} : { landlock }),
    seccomp: seccomp && { ...seccomp.seccomp, plugin: seccomp.plugin },
    notes: [...ofKind(contributions, "note"), ...notes],
    runOnly: [...ofKind(contributions, "runOnly"), ...givenOutIds(identity)],
  });
};

/**
 * A plugin's contributions as text, for snapshots: config checked, resolved on a host that is made up, planned.
 * @module
 */
import type { ContentPart, Contribution, Entry, Flag, Host, Identity, NamespaceName, Plugin } from "../../src/api.ts";
import { printOp } from "../../src/ir/print.ts";
import { fakeHost } from "./host.ts";

export interface PlanOptions {
  readonly host?: Host;
  /** Namespaces that earlier plugins asked for. */
  readonly has?: readonly NamespaceName[];
  readonly identity?: Identity;
  readonly terminal?: boolean;
  readonly command?: readonly string[];
  /** Of other plugins. */
  readonly sections?: Readonly<Record<string, unknown>>;
}

export const ANN: Identity = { uid: "caller", gid: "caller", outside: "caller", name: "ann", home: "/home/ann" };

/** The plugin's section, checked. @throws with the first issue's message and path */
const checked = (plugin: Plugin, section: unknown): unknown => {
  const result = plugin.config?.["~standard"].validate(section);
  if (result === undefined) return {};
  if (result instanceof Promise) throw new Error("the schemas of the built-in plugins are synchronous");
  const [issue] = result.issues ?? [];
  if (issue !== undefined) throw new Error(issue.message);
  return "value" in result ? result.value : undefined;
};

export const contributionsOf = (
  plugin: Plugin,
  section: object,
  options: PlanOptions = {},
): readonly Contribution[] => {
  const { host = fakeHost(), sections = {} } = options;
  const config = checked(plugin, section);
  const resolved = plugin.resolve ? plugin.resolve(config, host, sections) : config;
  if (resolved instanceof Promise) throw new Error(`${plugin.name} resolves later: use contributionsLater`);
  return contributionsFrom(plugin, resolved, options);
};

/** The same for a plugin whose `resolve` takes its time. */
export const contributionsLater = async (
  plugin: Plugin,
  section: object,
  options: PlanOptions = {},
): Promise<readonly Contribution[]> => {
  const { host = fakeHost(), sections = {} } = options;
  return contributionsFrom(plugin, await plugin.resolve?.(checked(plugin, section), host, sections), options);
};

const contributionsFrom = (plugin: Plugin, config: unknown, options: PlanOptions): readonly Contribution[] => {
  const { has = [], identity = ANN, terminal = false, command = ["true"] } = options;
  return [...(plugin.plan?.(config, { command, terminal, identity, has: (name) => has.includes(name) }) ?? [])];
};

const octal = (mode: number): string => `0${mode.toString(8)}`;

const printContent = (content: readonly ContentPart[]): string =>
  JSON.stringify(content.map((part) => (typeof part === "string" ? part : `<${part.id}>`)).join(""));

const printEntry = (entry: Entry): string => {
  switch (entry.type) {
    case "bind":
      return `${entry.readOnly ? "ro" : "rw"}${entry.noexec ? ",noexec" : ""} ${entry.node} ${entry.source}`;
    case "tmpfs": {
      const words = [entry.readOnly ? "ro" : "rw", ...(entry.noexec ? ["noexec"] : [])].join(",");
      return `tmpfs ${words} ${entry.sizeBytes} bytes, ${entry.inodes} inodes, ${octal(entry.mode)}`;
    }
    case "filesystem":
      return `${entry.filesystem} ${entry.options}`.trimEnd();
    case "directory":
      return `directory ${octal(entry.mode)}`;
    case "file":
      return `file ${octal(entry.mode)} ${printContent(entry.content)}`;
    case "symlink":
      return `→ ${entry.to}`;
  }
};

/** Everything after the kind. */
const printRest = ({ kind: _, ...rest }: Contribution): string =>
  Object.entries(rest)
    .map(([key, value]) => `${key} ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(", ");

const printMaps = ({ uid, gid, setgroups, helpers }: NonNullable<Identity["maps"]>): string => {
  const [users, groups] = [uid, gid].map((extents) =>
    extents.map(({ inside, outside, count }) => `${inside}:${outside}:${count}`).join(" "),
  );
  const by = helpers ? `, by ${helpers.uid} and ${helpers.gid}` : "";
  return ` (uid ${users}, gid ${groups}, setgroups ${setgroups ? "allowed" : "denied"}${by})`;
};

const printIdentity = ({ name, uid, gid, groups, nested, outside, maps, home }: Identity): string =>
  [
    `identity ${name} ${uid}:${gid}`,
    ...(groups ? [`groups ${groups.join(" ")}`] : []),
    ...(nested ? ["nested"] : []),
    `outside ${outside}${maps ? printMaps(maps) : ""}`,
    home,
  ].join(", ");

const print = (one: Contribution): readonly string[] => {
  switch (one.kind) {
    case "namespace":
      return [`namespace ${one.name}`];
    case "identity":
      return [printIdentity(one.identity)];
    case "root":
      return [`root ${printRest({ ...one.root, kind: "root" } as never)}`];
    case "entry":
      return [`${one.entry.target}  ${printEntry(one.entry)}`];
    case "inside":
      return one.ops.map((op) => `${one.phase}  ${printOp(op)}`);
    case "environment":
      return [`${one.name}=${one.value}`];
    case "note":
      return [`note ${one.text}`];
    default:
      return [`${one.kind} ${printRest(one)}`];
  }
};

/** One line for each contribution, and for each operation of one. */
export const printContributions = (contributions: readonly Contribution[]): string =>
  contributions.flatMap(print).join("\n");

export const planOf = (plugin: Plugin, section: object = {}, options: PlanOptions = {}): string =>
  printContributions(contributionsOf(plugin, section, options));

/** The same where `resolve` loads what it needs first. */
export const laterPlanOf = async (plugin: Plugin, section: object = {}, options: PlanOptions = {}): Promise<string> =>
  printContributions(await contributionsLater(plugin, section, options));

/** The section after these flags: `sectionOf(hostname, ["hostname", "box"])`. Refusals are thrown as `flag: allowed`. */
export const sectionOf = (plugin: Plugin, ...given: readonly (readonly [flag: string, value: string])[]): object =>
  given.reduce<object>((section, [name, value]) => {
    const flag: Flag<unknown> | undefined = plugin.flags?.[name];
    if (flag === undefined) throw new Error(`no flag --${name}`);
    const refuse = (_value: string, allowed: string): never => {
      throw new Error(`--${name}: ${allowed}`);
    };
    return flag.apply(section, value, { flag: `--${name}`, cwd: "/home/ann/work", refuse });
  }, {});

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

const resolved = (plugin: Plugin, section: object, { host = fakeHost(), sections = {} }: PlanOptions): unknown => {
  const config = checked(plugin, section);
  return plugin.resolve ? plugin.resolve(config, host, sections) : config;
};

const planned = (plugin: Plugin, config: unknown, options: PlanOptions): readonly Contribution[] => {
  const { has = [], identity = ANN, terminal = false, command = ["true"] } = options;
  return [...(plugin.plan?.(config, { command, terminal, identity, has: (name) => has.includes(name) }) ?? [])];
};

export const contributionsOf = (
  plugin: Plugin,
  section: object,
  options: PlanOptions = {},
): readonly Contribution[] => {
  const config = resolved(plugin, section, options);
  if (config instanceof Promise) throw new Error(`${plugin.name} resolves later: use planLaterOf`);
  return planned(plugin, config, options);
};

const octal = (mode: number): string => `0${mode.toString(8)}`;

const printContent = (content: readonly ContentPart[]): string =>
  JSON.stringify(
    content
      .map((part) => (typeof part === "string" ? part : `<${"id" in part ? part.id : `secret ${part.secret}`}>`))
      .join(""),
  );

const printEntry = (entry: Entry): string => {
  switch (entry.type) {
    case "bind":
      return `${entry.readOnly ? "ro" : "rw"}${entry.noexec ? ",noexec" : ""}${entry.idmap ? ",idmap" : ""} ${entry.node} ${entry.source}`;
    case "overlay": {
      const upper = entry.upper ?? `${entry.sizeBytes} bytes, ${entry.inodes} inodes`;
      return `overlay${entry.noexec ? ",noexec" : ""}${entry.idmap ? ",idmap" : ""} ${entry.source}, upper ${upper}`;
    }
    case "tmpfs": {
      const words = [entry.readOnly ? "ro" : "rw", ...(entry.noexec ? ["noexec"] : [])].join(",");
      return `tmpfs ${words} ${entry.sizeBytes} bytes, ${entry.inodes} inodes, ${octal(entry.mode)}`;
    }
    case "filesystem":
      return `${entry.filesystem} ${entry.options}`.trimEnd();
    case "directory":
      return `directory ${octal(entry.mode)}`;
    case "file":
      return `file${entry.mount ? ` (${entry.mount} mount)` : ""} ${octal(entry.mode)} ${printContent(entry.content)}`;
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
    case "cover": {
      const { target, how, node, optional } = one.cover;
      return [`${target}  ${how} ${node}${optional ? ", where there is one" : ""}`];
    }
    case "secret": {
      const { name, from } = one.secret;
      return [`secret ${name} from ${"file" in from ? from.file : `$${from.variable}`}`];
    }
    case "runOnly":
      return [`run only: ${one.reason}`];
    case "note":
      return [`note ${one.text}`];
    default:
      return [`${one.kind} ${printRest(one)}`];
  }
};

/** One line for each contribution, and for each operation of one. */
const printContributions = (contributions: readonly Contribution[]): string => contributions.flatMap(print).join("\n");

export const planOf = (plugin: Plugin, section: object = {}, options: PlanOptions = {}): string =>
  printContributions(contributionsOf(plugin, section, options));

/** The same of a plugin that resolves later. */
export const planLaterOf = async (plugin: Plugin, section: object = {}, options: PlanOptions = {}): Promise<string> =>
  printContributions(planned(plugin, await resolved(plugin, section, options), options));

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

/**
 * The file system of a plan for people: what is mounted, made and covered.
 * @module
 */
import { printable, quoted } from "../errors/text.ts";
import type { ContentPart, Cover, Entry, Owner, Root } from "./contribution.ts";
import { mountAbove } from "./merge.ts";
import type { Plan } from "./plan.ts";

export type Row = readonly string[];

const size = (bytes: number): string => {
  const unit =
    bytes % 2 ** 30 === 0
      ? ([30, "GiB"] as const)
      : bytes % 2 ** 20 === 0
        ? ([20, "MiB"] as const)
        : ([10, "KiB"] as const);
  return `${bytes / 2 ** unit[0]} ${unit[1]}`;
};

const mode = (bits: number): string => `0${bits.toString(8)}`;

/** A word of a shell: quoted only where it must be. */
export const word = (value: string): string => (/^[\w@%+=:,./-]+$/.test(value) ? value : quoted(value));

export const rootText = (root: Root): string =>
  root.type === "tmpfs"
    ? `tmpfs of ${size(root.sizeBytes)}, ${root.inodes} inodes, read-only once it is built`
    : `directory ${word(root.source)}, ${root.readOnly ? "read-only" : "writable"}`;

const contentText = (content: readonly ContentPart[]): string => {
  const secrets = content.flatMap((part) => (typeof part === "object" && "secret" in part ? [part.secret] : []));
  if (secrets.length > 0) return `secret ${secrets.map(word).join(", ")}`;
  const bytes = content.reduce((sum, part) => sum + (typeof part === "string" ? Buffer.byteLength(part) : 0), 0);
  return `file of ${bytes} bytes${content.some((part) => typeof part !== "string") ? " and ids" : ""}`;
};

const flagList = (...flags: readonly (string | false | undefined)[]): string => flags.filter(Boolean).join(", ");

const idmapText = ({ idmap }: { readonly idmap?: boolean }): string | undefined =>
  idmap ? "its owner's files are the payload's (idmapped)" : undefined;

const ownerText = ({ owner }: { readonly owner?: Owner }): string | undefined => owner && `of the ${owner}'s`;

export const entryText = (entry: Entry): string => {
  switch (entry.type) {
    case "bind": {
      const source = entry.source === entry.target ? `host ${entry.node}` : `host ${entry.node} ${word(entry.source)}`;
      return flagList(source, entry.readOnly ? "read-only" : "writable", entry.noexec && "noexec", idmapText(entry));
    }
    case "overlay":
      return flagList(
        `overlay of host directory ${word(entry.source)}`,
        entry.upper === undefined
          ? `writes stay in memory: ${size(entry.sizeBytes)}, ${entry.inodes} inodes`
          : `writes stay in host directory ${word(`${entry.upper}/upper`)}`,
        entry.noexec && "noexec",
        idmapText(entry),
      );
    case "tmpfs":
      return flagList(
        `tmpfs of ${size(entry.sizeBytes)}`,
        `${entry.inodes} inodes`,
        `mode ${mode(entry.mode)}`,
        entry.readOnly && "read-only",
        entry.noexec && "noexec",
        ownerText(entry),
      );
    case "filesystem":
      return flagList(`new ${entry.filesystem}`, printable(entry.options));
    case "directory":
      return `directory, mode ${mode(entry.mode)}`;
    case "file":
      return flagList(
        contentText(entry.content),
        `mode ${mode(entry.mode)}`,
        entry.mount && `${entry.mount} by itself`,
        ownerText(entry),
      );
    case "symlink":
      return `link to ${word(entry.to)}`;
  }
};

/** What may be there or not is many names of one kernel's file system: one row for all of them. */
export const coverRows = ({ covers, entries }: Plan): readonly Row[] => {
  const topOf = ({ target }: Cover): string => mountAbove(entries, target)?.target ?? "/";
  const groups = Map.groupBy(covers, (cover) =>
    cover.optional ? [topOf(cover), cover.how, cover.plugin].join(" ") : cover.target,
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    if (!first.optional) return [[word(first.target), first.how, first.plugin]];
    const top = topOf(first);
    const names = group.map(({ target }) => word(target.slice(top.length).replace(/^\//, "")));
    return [[word(top), `${first.how} in it`, first.plugin, names.join(" ")]];
  });
};

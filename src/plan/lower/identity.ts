/**
 * Ids: the maps of the user namespace, and taking a mapped id.
 *
 * Who may write a map (user_namespaces(7), kernel/user_namespace.c new_idmap_permitted): a process in the new namespace may map
 * its own effective id and nothing else, after it has given up setgroups(2); anything more takes CAP_SETUID and CAP_SETGID in the
 * parent namespace. So an unprivileged caller's launcher writes its own maps, and for root the process outside does it.
 * @module
 */

import { buffer, flags, slot, text } from "../../ir/build.ts";
import { call, close, openat, prctl, write } from "../../ir/calls.ts";
import type { Op, Operand, Slot } from "../../ir/op.ts";
import { format, formattedLength, knownText, type Part } from "../../launcher/format.ts";
import { O_WRONLY } from "../../linux/file.ts";
import { PR_SET_PDEATHSIG, SIGNALS } from "../../linux/process.ts";
import type { Identity } from "../contribution.ts";

type Which = "uid" | "gid";

/** The id inside, as an operand: known now, or read when a standalone image starts. */
export const insideId = (identity: Identity, which: Which): Operand => {
  const id = identity[which];
  return id === "caller" ? slot(`${which} inside`) : id;
};

const fd = slot("map");
const line = buffer("line", 64);

/** Writes a line to a descriptor: as it is where it is known now, or else put together first. */
export const writeParts = (to: Slot, name: string, parts: readonly Part[]): readonly Op[] => {
  const known = knownText(parts);
  if (known !== undefined) return [write(to, text(known), Buffer.byteLength(known))];
  return [...format(line, name, ...parts), write(to, line, formattedLength)];
};

const writeLine = (path: string, name: string, parts: readonly Part[]): readonly Op[] => [
  openat(path, { O_WRONLY }, 0, fd),
  ...writeParts(fd, name, parts),
  close(fd),
];

/** `INSIDE OUTSIDE 1`: one id, the only one there is inside. */
export const mapLine = (identity: Identity, which: Which, outside: Operand): readonly Part[] => [
  { decimal: insideId(identity, which) },
  " ",
  { decimal: outside },
  " 1",
];

/** The launcher maps its caller's own ids. */
export const writeOwnMaps = (identity: Identity, outside: Readonly<Record<Which, Operand>>): readonly Op[] => [
  ...writeLine("/proc/self/setgroups", "setgroups", ["deny"]),
  ...(["uid", "gid"] as const).flatMap((which) =>
    writeLine(`/proc/self/${which}_map`, `own ${which}_map`, mapLine(identity, which, outside[which])),
  ),
];

/**
 * Becomes the mapped id. Groups go first: once the ids are taken there may be no right to drop them.
 * The order is setgroups, gid, uid; every result is checked.
 */
export const takeMappedIds = (identity: Identity): readonly Op[] => {
  const [uid, gid] = [insideId(identity, "uid"), insideId(identity, "gid")];
  return [call("setgroups", [0, 0]), call("setresgid", [gid, gid, gid]), call("setresuid", [uid, uid, uid])];
};

/** After every change of ids: those clear it (prctl(2), PR_SET_PDEATHSIG). A belt; the lifeline is the braces. */
export const dieWithParent = (): Op => prctl(flags({ PR_SET_PDEATHSIG }), flags({ SIGKILL: SIGNALS.KILL }));

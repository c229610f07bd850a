/**
 * Ids: the maps of the user namespace, taking mapped ids, and becoming the payload's user.
 *
 * Who may write a map (user_namespaces(7), kernel/user_namespace.c new_idmap_permitted): a process in the new namespace may map
 * its own effective id and nothing else, after it has given up setgroups(2); anything more takes CAP_SETUID and CAP_SETGID in the
 * parent namespace. So an unprivileged caller's launcher writes its own maps; for root, and where more is mapped, a process outside
 * does it.
 *
 * Where id 0 is mapped the launcher works as it, so that what it makes belongs to root inside, as on every system. The payload
 * changes its ids last, in a process of its own.
 * @module
 */

import { buffer, bytes, constant, flags, slot, text } from "../../ir/build.ts";
import { call, close, described, openat, prctl, write } from "../../ir/calls.ts";
import type { Op, Operand, Slot } from "../../ir/op.ts";
import { format, formattedLength, knownText, type Part } from "../../launcher/format.ts";
import { O_WRONLY } from "../../linux/file.ts";
import { toOutside } from "../../linux/idmap.ts";
import { PR_SET_DUMPABLE, PR_SET_PDEATHSIG, PR_SET_SECUREBITS, SIGNALS } from "../../linux/process.ts";
import { SECUREBITS } from "../../linux/securebits.ts";
import type { Identity, Owner } from "../contribution.ts";

type Which = "uid" | "gid";

/** Somebody outside writes the maps, so that the launcher has to wait for it. */
export const isMappedOutside = ({ outside }: Identity): boolean => ["own", "range", "maps"].includes(outside);

/** Whoever starts it has rights over the host that the launcher has lost, and works for it: root, and nobody else. */
export const isMappedByRoot = ({ outside, maps }: Identity): boolean =>
  outside === "own" || outside === "range" || (outside === "maps" && maps?.helpers === undefined);

/** The id inside that the payload has, as an operand: known now, or read when a standalone image starts. */
export const insideId = (identity: Identity, which: Which): Operand => {
  const id = identity[which];
  return id === "caller" ? slot(`${which} inside`) : id;
};

/** The id inside that the launcher, and init after it, works under. */
export const workingId = (identity: Identity, which: Which): Operand => {
  const hasRoot =
    identity.outside === "range" || (identity.maps !== undefined && toOutside(identity.maps[which], 0) !== undefined);
  return hasRoot ? 0 : insideId(identity, which);
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

/** Where it is denied the caller's groups stay what they are outside, and no id of theirs can be named inside. */
const maySetGroups = ({ outside, maps }: Identity): boolean => outside !== "caller" && maps?.setgroups !== false;

/**
 * `setgroups(2)` with group ids of 32 bits. No group at all is a call too: the caller's would stay.
 */
const setGroups = (identity: Identity, groups: readonly number[]): readonly Op[] => {
  if (!maySetGroups(identity)) return [];
  const list = bytes(new Uint8Array(new Uint32Array(groups).buffer), `[${groups.join(", ")}]`);
  return [call("setgroups", [groups.length, groups.length === 0 ? 0 : list])];
};

const setIds = (uid: Operand, gid: Operand): readonly Op[] => [
  call("setresgid", [gid, gid, gid]),
  call("setresuid", [uid, uid, uid]),
];

/**
 * The launcher takes mapped ids. Groups go first: once the ids are taken there may be no right to drop them.
 * The order is setgroups, gid, uid; every result is checked.
 */
export const takeMappedIds = (identity: Identity): readonly Op[] => [
  ...setGroups(identity, []),
  ...setIds(workingId(identity, "uid"), workingId(identity, "gid")),
];

/** Whether the payload is somebody else inside than the launcher and init. */
export const changesIds = (identity: Identity): boolean =>
  (["uid", "gid"] as const).some((which) => workingId(identity, which) !== identity[which]) &&
  identity.uid !== "caller";

const KEEP = constant(0xffff_ffff, "-1");

const noFixup = (): Op =>
  described(
    prctl(flags({ PR_SET_SECUREBITS }), flags({ SECBIT_NO_SETUID_FIXUP: SECUREBITS.NO_SETUID_FIXUP })),
    "prctl(PR_SET_SECUREBITS, NO_SETUID_FIXUP)",
  );

/**
 * What is made meanwhile is the payload's. An overlay works with the ids that it was made with, and an idmapped mount of the payload's
 * files has a place for no others. Capabilities stay what they are; the death signal does not, and whoever needs it arms it again.
 */
export const asPayload = (identity: Identity, ops: readonly Op[]): readonly Op[] => {
  if (ops.length === 0 || !changesIds(identity)) return ops;
  return [
    noFixup(),
    call("setresgid", [KEEP, insideId(identity, "gid"), KEEP]),
    call("setresuid", [KEEP, insideId(identity, "uid"), KEEP]),
    ...ops,
    call("setresuid", [KEEP, workingId(identity, "uid"), KEEP]),
    call("setresgid", [KEEP, workingId(identity, "gid"), KEEP]),
    described(prctl(flags({ PR_SET_SECUREBITS }), 0), "prctl(PR_SET_SECUREBITS, 0)"),
  ];
};

/** The ids of whoever something belongs to; undefined where that is whoever makes it. */
export const ownerOf = (
  { owner }: { readonly owner?: Owner },
  identity: Identity,
): Readonly<Record<Which, Operand>> | undefined =>
  owner === "payload" && changesIds(identity)
    ? { uid: insideId(identity, "uid"), gid: insideId(identity, "gid") }
    : undefined;

/**
 * The payload's process becomes the payload's user, in the same order.
 *
 * Without the fix-up the kernel takes no capability away on the way from id 0 (capabilities(7), "Effect of user ID changes"): they
 * are set as they shall be afterwards, and the bit with them. Another user's process is one that may be traced again where
 * fs.suid_dumpable says so, and until the execve this one shares its memory with init.
 */
export const becomeUser = (identity: Identity, { init }: { readonly init: boolean }): readonly Op[] => {
  const { uid, gid, groups = [] } = identity;
  const list = setGroups(identity, groups);
  if (!changesIds(identity) || uid === "caller" || gid === "caller") return groups.length === 0 ? [] : list;
  return [
    noFixup(),
    ...list,
    ...setIds(uid, gid),
    prctl(flags({ PR_SET_DUMPABLE }), 0),
    ...(init ? [] : [dieWithParent()]),
  ];
};

/** After every change of ids: those clear it (prctl(2), PR_SET_PDEATHSIG). A belt; the lifeline is the braces. */
export const dieWithParent = (): Op => prctl(flags({ PR_SET_PDEATHSIG }), flags({ SIGKILL: SIGNALS.KILL }));

/**
 * The rules of a Landlock ruleset: mounts, standard streams and ports, each a loop over a table, since an image is small.
 *
 * @see https://man7.org/linux/man-pages/man2/landlock_add_rule.2.html
 * @module
 */
import {
  branch,
  buffer,
  bytes,
  compute,
  flags,
  jump,
  label,
  load,
  set,
  slot,
  store,
  text,
  vector,
} from "../../ir/build.ts";
import { AT_FDCWD, call, close, described, ignoring, onErrno } from "../../ir/calls.ts";
import type { Op, Operand, SyscallOp } from "../../ir/op.ts";
import { AT_EMPTY_PATH, O_CLOEXEC, O_PATH, O_WRONLY, S_IFCHR, S_IFMT } from "../../linux/file.ts";
import { ACCESS_FS, ACCESS_NET, LANDLOCK_RULE_NET_PORT, LANDLOCK_RULE_PATH_BENEATH } from "../../linux/landlock.ts";
import { openHow, RESOLVE } from "../../linux/mount.ts";
import type { TcpPorts } from "../landlock/policy.ts";
import type { PathRule } from "../landlock/rules.ts";
import { tcpFilter } from "../landlock/tcp-filter.ts";

/** The ruleset that rules are added to. */
export const ruleset = slot("ruleset");
/** Rights of files that the kernel knows: others are an error in a rule. */
export const handledFs = slot("handled_access_fs");

/** `struct landlock_path_beneath_attr { u64 allowed_access; s32 parent_fd }`, packed. */
const pathBeneath = buffer("path_beneath", 16);
const cursor = slot("rule");
const rights = slot("allowed_access");

const addPathRule = (what: string): SyscallOp =>
  described(
    call("landlock_add_rule", [ruleset, flags({ LANDLOCK_RULE_PATH_BENEATH }), pathBeneath, 0]),
    `landlock_add_rule(${what})`,
  );

const path = slot("rule path");
const fd = slot("rule fd");
const OPEN_HOW_BYTES = 24;
const HOW = bytes(openHow(O_PATH | O_CLOEXEC, RESOLVE.NO_MAGICLINKS), "{O_PATH, RESOLVE_NO_MAGICLINKS}");

/** Opened with the payload's own ids: a place that it cannot search its way to (EACCES) needs no rule. */
export const addPathRules = (rules: readonly PathRule[]): readonly Op[] => [
  set(cursor, vector(...rules.flatMap((rule) => [text(rule.path), rule.rights]), 0)),
  label("landlock: next path"),
  load(path, cursor, 0, 8),
  branch(path, "equal", 0, "landlock: paths done"),
  load(rights, cursor, 8, 8),
  compute(cursor, cursor, "add", 16),
  compute(rights, rights, "and", handledFs),
  store(pathBeneath, 0, 8, rights),
  onErrno(
    described(call("openat2", [AT_FDCWD, path, HOW, OPEN_HOW_BYTES], fd), "openat2(a place of the plan)"),
    ["EACCES"],
    "landlock: next path",
  ),
  store(pathBeneath, 8, 4, fd),
  addPathRule("a place of the plan"),
  close(fd),
  jump("landlock: next path"),
  label("landlock: paths done"),
];

const { READ_FILE, WRITE_FILE, IOCTL_DEV } = ACCESS_FS;
const F_GETFL = 3;
const STX_MODE_OFFSET_BYTES = 28;
const statx = buffer("statx", 256);
const mode = slot("stdio mode");
const access = slot("access");
const stream = slot("stream");
const STDERR = 2;

/**
 * A standard stream may be opened again by its name (/dev/stdin): a file that was handed over to be read, for reading; a terminal,
 * as /dev/tty could be. A file to be written to may not: it could be read, or written to from its start (security.md, row 3).
 */
export const addStreamRules = (): readonly Op[] => [
  set(stream, 0),
  label("landlock: next stream"),
  onErrno(call("fcntl", [stream, flags({ F_GETFL })], access), ["EBADF"], "landlock: stream done"),
  call("statx", [stream, text(""), flags({ AT_EMPTY_PATH }), flags({ STATX_TYPE: 1 }), statx]),
  load(mode, statx, STX_MODE_OFFSET_BYTES, 2),
  compute(mode, mode, "and", S_IFMT),
  set(rights, flags({ READ_FILE, WRITE_FILE, IOCTL_DEV })),
  branch(mode, "equal", S_IFCHR, "landlock: stream rule"),
  compute(access, access, "and", O_WRONLY | O_PATH),
  branch(access, "notEqual", 0, "landlock: stream done"),
  set(rights, flags({ READ_FILE })),
  label("landlock: stream rule"),
  compute(rights, rights, "and", handledFs),
  store(pathBeneath, 0, 8, rights),
  store(pathBeneath, 8, 4, stream),
  // Pipes and sockets have no path, and need no rule.
  ignoring(addPathRule("a standard stream"), "EBADFD"),
  label("landlock: stream done"),
  compute(stream, stream, "add", 1),
  branch(stream, "lessOrEqual", STDERR, "landlock: next stream"),
];

/** `struct landlock_net_port_attr { u64 allowed_access, port }`, one for each port; one without access ends them. */
const portTable = ({ connect = [], bind = [] }: TcpPorts): Operand => {
  const ports = [...new Set([...connect, ...bind])].sort((a, b) => a - b);
  const allowed = (port: number): number =>
    (connect.includes(port) ? ACCESS_NET.CONNECT_TCP : 0) | (bind.includes(port) ? ACCESS_NET.BIND_TCP : 0);
  return vector(...ports.flatMap((port) => [allowed(port), port]), 0);
};

const SECCOMP_SET_MODE_FILTER = 1;

/** `struct sock_fprog { u16 len; struct sock_filter *filter }`. */
export const closeWaysAround = (): Op => {
  const { instructions, bytes: filter } = tcpFilter();
  const program = vector(instructions, bytes(filter, `sock_filter[${instructions}]`));
  return described(
    call("seccomp", [flags({ SECCOMP_SET_MODE_FILTER }), 0, program]),
    "seccomp(a filter beside the TCP ports)",
  );
};

export const addPortRules = (tcp: TcpPorts): readonly Op[] => [
  set(cursor, portTable(tcp)),
  label("landlock: next port"),
  load(access, cursor, 0, 8),
  branch(access, "equal", 0, "landlock: ports done"),
  described(
    call("landlock_add_rule", [ruleset, flags({ LANDLOCK_RULE_NET_PORT }), cursor, 0]),
    "landlock_add_rule(a TCP port)",
  ),
  compute(cursor, cursor, "add", 16),
  jump("landlock: next port"),
  label("landlock: ports done"),
];

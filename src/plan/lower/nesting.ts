/**
 * No namespaces inside of the sandbox's own. A user namespace above all: in one, everybody has every capability, and with them the
 * parts of the kernel that most holes are found in (CVE-2022-0185, CVE-2022-0492).
 *
 * The limits are the sandbox's own user namespace's (kernel/ucount.c): they hold there and below, for whoever is in it. To write them
 * takes CAP_SYS_RESOURCE in that namespace, which the launcher has and the payload has not. So they survive a payload with
 * CAP_SYS_ADMIN, which can mount a procfs and still finds the files read-only; with CAP_SYS_RESOURCE a payload may write
 * them again, and a note says so.
 *
 * The other kinds take CAP_SYS_ADMIN in a user namespace to be made. Nobody inside has it unless it was asked for, and then it was
 * asked for to be used: their limits are a second lock for everybody else. Mount namespaces have none, since every detached mount
 * is in one (open_tree(2), fsmount(2)), and the launcher has still some to make.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_sys_user.5.html
 * @module
 */
import { branch, compute, flags, jump, label, load, set, slot, text, vector } from "../../ir/build.ts";
import { AT_FDCWD, call, close, described, onErrno, write } from "../../ir/calls.ts";
import type { Op, Operand } from "../../ir/op.ts";
import { CAPABILITIES } from "../../linux/capability.ts";
import { O_CLOEXEC, O_WRONLY } from "../../linux/file.ts";
import type { Plan } from "../plan.ts";
import { ownSysctls } from "./filesystem.ts";

const USER = "sys/user/max_user_namespaces";
const OTHERS = ["pid", "uts", "ipc", "net", "cgroup", "time"].map((kind) => `sys/user/max_${kind}_namespaces`);
const SYS_ADMIN = CAPABILITIES.indexOf("SYS_ADMIN");

const file = slot("limit");
const next = slot("next limit");
const path = slot("limit path");

const open = (directory: Operand, name: Operand, shown: string) =>
  described(call("openat", [directory, name, flags({ O_WRONLY, O_CLOEXEC }), 0], file), `open("/proc/${shown}")`);

const writeZero = (shown: string): readonly Op[] => [
  described(write(file, text("0"), 1), `write("/proc/${shown}", "0")`),
  close(file),
];

/** ENOENT: a kernel that has no namespaces of that kind. */
const limitOthers = (directory: Operand, prefix: string): readonly Op[] => [
  set(next, vector(...OTHERS.map((name) => text(prefix + name)), 0)),
  label("limit"),
  load(path, next, 0, 8),
  compute(next, next, "add", 8),
  branch(path, "equal", 0, "limited"),
  onErrno(open(directory, path, "sys/user/max_*_namespaces"), ["ENOENT"], "limit"),
  ...writeZero("sys/user/max_*_namespaces"),
  jump("limit"),
  label("limited"),
];

/** Through a procfs of the sandbox's own where there is one: an outer container may have made the other one's read-only. */
export const forbidNesting = (plan: Plan): readonly Op[] => {
  const { outside, nested = false } = plan.identity;
  // Without a namespace of its own they would be the host's limits.
  if (nested || outside === "host") return [];
  const proc = ownSysctls(plan);
  const [directory, prefix]: readonly [Operand, string] = proc ? [proc, ""] : [AT_FDCWD, "/proc/"];
  const others = !plan.capabilities.numbers.includes(SYS_ADMIN);
  return [
    open(directory, text(prefix + USER), USER),
    ...writeZero(USER),
    ...(others ? limitOthers(directory, prefix) : []),
  ];
};

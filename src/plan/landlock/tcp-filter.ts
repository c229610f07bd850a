/**
 * A small seccomp filter beside rules for TCP ports, which closes the ways around them that Landlock leaves open.
 *
 * Landlock looks at connect(2) and bind(2) of sockets that are TCP by their protocol. Not seen are:
 * - sockets of other protocols that speak TCP all the same to who knows no better: MPTCP and SMC (landlock-lsm/linux, issue 54);
 * - TCP Fast Open, which connects by sending: MSG_FASTOPEN (landlock-lsm/linux, issue 41);
 * - io_uring, where both are operations that no filter sees.
 *
 * Programs find the errors of a kernel that has none of these, and do without. Whatever else a sandbox filters comes on top.
 *
 * @see https://man7.org/linux/man-pages/man2/seccomp.2.html
 * @see https://docs.kernel.org/userspace-api/landlock.html
 * @module
 */
import { errnos } from "../../linux/errno.ts";
import { type Arch, type SyscallName, syscallNumber } from "../../linux/syscalls.ts";

/** `AUDIT_ARCH_*` of include/uapi/linux/audit.h. A program is made for either machine, and so is this. */
const MACHINES = { x64: 0xc000_003e, arm64: 0xc000_00b7 } as const;
/** Numbers from here on are x32's, which shares its machine with x86-64. */
const X32_SYSCALL_BIT = 0x4000_0000;

const AF_INET = 2;
const AF_INET6 = 10;
const AF_SMC = 43;
const SOCK_TYPE_MASK = 0xf;
const SOCK_STREAM = 1;
const IPPROTO_TCP = 6;
const MSG_FASTOPEN = 0x2000_0000;

const RET = { allow: 0x7fff_0000, errno: 0x0005_0000, killProcess: 0x8000_0000 } as const;

/** `struct seccomp_data`: nr, arch, instruction_pointer, args. Of an argument the kernel takes the low half: all are ints. */
const NR = 0;
const ARCH = 4;
const argument = (index: number): number => 16 + 8 * index;

/** An instruction of classic BPF, with labels to jump to; a bare text is a label. */
type Step = string | { readonly code: number; readonly k: number; readonly yes?: string; readonly no?: string };

const load = (offset: number): Step => ({ code: 0x20, k: offset });
const mask = (k: number): Step => ({ code: 0x54, k });
const give = (k: number): Step => ({ code: 0x06, k });
const ifEqual = (k: number, yes: string, no?: string): Step => ({ code: 0x15, k, yes, ...(no ? { no } : {}) });
const ifAtLeast = (k: number, yes: string): Step => ({ code: 0x35, k, yes });

const CALLS: Readonly<Partial<Record<SyscallName, string>>> = {
  socket: "socket",
  sendto: "flags in 3",
  sendmmsg: "flags in 3",
  sendmsg: "flags in 2",
  io_uring_setup: "absent",
};

const dispatch = (arch: Arch): readonly Step[] => [
  arch,
  load(NR),
  ...(arch === "x64" ? [ifAtLeast(X32_SYSCALL_BIT, "absent")] : []),
  ...Object.entries(CALLS).map(([name, to]) => ifEqual(syscallNumber(name as SyscallName, arch), to)),
  give(RET.allow),
];

const STEPS: readonly Step[] = [
  load(ARCH),
  ifEqual(MACHINES.x64, "x64"),
  ifEqual(MACHINES.arm64, "arm64"),
  // Other numbers, that nothing is known about.
  give(RET.killProcess),
  ...dispatch("x64"),
  ...dispatch("arm64"),
  "socket",
  load(argument(0)),
  ifEqual(AF_SMC, "no family"),
  ifEqual(AF_INET, "internet"),
  ifEqual(AF_INET6, "internet", "allow"),
  "internet",
  load(argument(1)),
  mask(SOCK_TYPE_MASK),
  ifEqual(SOCK_STREAM, "stream", "allow"),
  "stream",
  load(argument(2)),
  ifEqual(0, "allow"),
  ifEqual(IPPROTO_TCP, "allow"),
  give(RET.errno | errnos.EPROTONOSUPPORT),
  "flags in 2",
  load(argument(2)),
  ifEqual(0, "allow", "flags"),
  "flags in 3",
  load(argument(3)),
  "flags",
  mask(MSG_FASTOPEN),
  ifEqual(0, "allow"),
  give(RET.errno | errnos.EOPNOTSUPP),
  "no family",
  give(RET.errno | errnos.EAFNOSUPPORT),
  "absent",
  give(RET.errno | errnos.ENOSYS),
  "allow",
  give(RET.allow),
];

const INSTRUCTION_BYTES = 8;

/** `struct sock_filter { u16 code; u8 jt, jf; u32 k }[]`: jumps count the instructions between. */
const encode = (steps: readonly Step[]): Uint8Array => {
  const places = new Map<string, number>();
  const instructions = steps.filter((step) => typeof step !== "string");
  let at = 0;
  for (const step of steps) {
    if (typeof step === "string") places.set(step, at);
    else at += 1;
  }
  const view = new DataView(new ArrayBuffer(instructions.length * INSTRUCTION_BYTES));
  const distance = (to: string | undefined, from: number): number =>
    to === undefined ? 0 : (places.get(to) ?? 0) - from - 1;
  for (const [index, { code, k, yes, no }] of instructions.entries()) {
    view.setUint16(index * INSTRUCTION_BYTES, code, true);
    view.setUint8(index * INSTRUCTION_BYTES + 2, distance(yes, index));
    view.setUint8(index * INSTRUCTION_BYTES + 3, distance(no, index));
    view.setUint32(index * INSTRUCTION_BYTES + 4, k, true);
  }
  return new Uint8Array(view.buffer);
};

/** The filter, for `struct sock_fprog`. */
export const tcpFilter = (): { readonly instructions: number; readonly bytes: Uint8Array } => {
  const bytes = encode(STEPS);
  return { instructions: bytes.length / INSTRUCTION_BYTES, bytes };
};

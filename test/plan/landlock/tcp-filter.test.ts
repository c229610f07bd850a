/**
 * The filter beside TCP ports, run by an interpreter of classic BPF (Documentation/networking/filter.rst).
 */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { errnos } from "../../../src/linux/errno.ts";
import { type SyscallName, syscallNumber } from "../../../src/linux/syscalls.ts";
import { syscallsX64 } from "../../../src/linux/syscalls.x64.ts";
import { tcpFilter } from "../../../src/plan/landlock/tcp-filter.ts";

const MACHINES = { x64: 0xc000003e, arm64: 0xc00000b7 } as const;
const { bytes } = tcpFilter();
const view = new DataView(bytes.buffer);

interface Data {
  readonly arch: number;
  readonly nr: number;
  readonly args?: readonly number[];
}

/** `struct seccomp_data` at an offset, as 32-bit words. */
const wordAt = ({ arch, nr, args = [] }: Data, offset: number): number => {
  if (offset === 0) return nr >>> 0;
  if (offset === 4) return arch >>> 0;
  const half = (offset - 16) / 4;
  const value = BigInt.asUintN(64, BigInt(args[half >> 1] ?? 0));
  return Number((value >> BigInt(32 * (half & 1))) & 0xffffffffn);
};

const run = (data: Data): number => {
  let accumulator = 0;
  for (let at = 0; at < bytes.length / 8; ) {
    const [code, yes, no] = [view.getUint16(at * 8, true), view.getUint8(at * 8 + 2), view.getUint8(at * 8 + 3)];
    const k = view.getUint32(at * 8 + 4, true);
    at += 1;
    switch (code) {
      case 0x20:
        accumulator = wordAt(data, k);
        break;
      case 0x54:
        accumulator = (accumulator & k) >>> 0;
        break;
      case 0x15:
        at += accumulator === k ? yes : no;
        break;
      case 0x35:
        at += accumulator >= k ? yes : no;
        break;
      case 0x06:
        return k;
      default:
        throw new Error(`code ${code}`);
    }
  }
  throw new Error("the filter has no end");
};

const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const errno = (name: keyof typeof errnos): number => 0x50000 | errnos[name];

const [INET, INET6, UNIX, SMC] = [2, 10, 1, 43];
const [STREAM, DGRAM, CLOEXEC] = [1, 2, 0o2000000];
const [MPTCP, SMC_PROTOCOL, SCTP, UDP] = [262, 256, 132, 17];
const FASTOPEN = 0x20000000;
const NOSIGNAL = 0x4000;

describe.each(["x64", "arm64"] as const)("the filter beside TCP ports, on %s", (machine) => {
  const ask = (name: SyscallName, ...args: readonly number[]): number =>
    run({ arch: MACHINES[machine], nr: syscallNumber(name, machine), args });

  test.each([
    [[INET, STREAM, 0], ALLOW],
    [[INET6, STREAM | CLOEXEC, 6], ALLOW],
    [[INET, DGRAM, 0], ALLOW],
    [[INET, DGRAM, UDP], ALLOW],
    [[UNIX, STREAM, 0], ALLOW],
    [[INET, STREAM, MPTCP], errno("EPROTONOSUPPORT")],
    [[INET6, STREAM | CLOEXEC, MPTCP], errno("EPROTONOSUPPORT")],
    [[INET, STREAM, SMC_PROTOCOL], errno("EPROTONOSUPPORT")],
    [[INET, STREAM, SCTP], errno("EPROTONOSUPPORT")],
    [[SMC, STREAM, 0], errno("EAFNOSUPPORT")],
    // The kernel takes an int: the upper half is none of its concern.
    [[INET + 2 ** 32, STREAM + 2 ** 40, MPTCP + 2 ** 33], errno("EPROTONOSUPPORT")],
  ])("socket(%j) is %x", (args, expected) => {
    expect(ask("socket", ...args)).toBe(expected);
  });

  test.each([
    ["sendto", [3, 0, 1, FASTOPEN | NOSIGNAL, 0, 16], errno("EOPNOTSUPP")],
    ["sendto", [3, 0, 1, FASTOPEN + 2 ** 32], errno("EOPNOTSUPP")],
    ["sendto", [3, 0, 1, NOSIGNAL], ALLOW],
    ["sendto", [3, 0, FASTOPEN, 0], ALLOW],
    ["sendmsg", [3, 0, FASTOPEN], errno("EOPNOTSUPP")],
    ["sendmsg", [3, 0, 0], ALLOW],
    ["sendmsg", [3, 0, NOSIGNAL, FASTOPEN], ALLOW],
    ["sendmmsg", [3, 0, 1, FASTOPEN], errno("EOPNOTSUPP")],
    ["io_uring_setup", [8, 0], errno("ENOSYS")],
    ["connect", [3, 0, 16], ALLOW],
    ["execve", [], ALLOW],
  ] as const)("%s(%j) is %x", (name, args, expected) => {
    expect(ask(name, ...args)).toBe(expected);
  });

  test("allows every other call, whatever its arguments are", () => {
    const others = (Object.keys(syscallsX64) as SyscallName[]).filter(
      (name) => !["socket", "sendto", "sendmsg", "sendmmsg", "io_uring_setup"].includes(name),
    );
    const names = fc.constantFrom(...others.filter((name) => Number.isInteger(syscallNumber(name, machine))));
    fc.assert(
      fc.property(names, fc.array(fc.integer(), { maxLength: 6 }), (name, args) => {
        expect(ask(name, ...args)).toBe(ALLOW);
      }),
    );
  });
});

test("numbers of x32 and of other machines are not let through", () => {
  expect(run({ arch: MACHINES.x64, nr: 0x40000000 + 41, args: [2, 1, 262] })).toBe(errno("ENOSYS"));
  for (const arch of [0x40000003, 0x40000028, 0]) expect(run({ arch, nr: 41 })).toBe(KILL);
});

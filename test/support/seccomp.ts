/**
 * Filters in tests: as text, and asked about a call.
 * @module
 */
import { AUDIT_ARCH } from "../../src/linux/seccomp.ts";
import { numberOf } from "../../src/linux/syscall-tables.ts";
import type { Arch } from "../../src/linux/syscalls.ts";
import { decodeAction, printAction } from "../../src/seccomp/action.ts";
import { compile } from "../../src/seccomp/compile.ts";
import { disassemble } from "../../src/seccomp/disassemble.ts";
import type { Instruction } from "../../src/seccomp/instruction.ts";
import { interpret } from "../../src/seccomp/interpret.ts";
import { policyOf } from "../../src/seccomp/policy.ts";
import type { Profile } from "../../src/seccomp/profile.ts";

export const ARCHES: readonly Arch[] = ["x64", "arm64"];

/** One instruction a line. */
export const listing = (program: readonly Instruction[]): string =>
  disassemble(program)
    .map(({ index, mnemonic, operands, comment }) =>
      `${String(index).padStart(4, "0")} ${mnemonic.padEnd(4)} ${operands.padEnd(24)} ${comment}`.trimEnd(),
    )
    .join("\n");

/** Asks the compiled filter, by name: `ask(profile)("socket", 40)` is `EAFNOSUPPORT`. */
export const ask = (profile: Profile, arch: Arch = "x64") => {
  const program = compile(policyOf(profile, arch));
  return (name: string | number, ...args: readonly (number | bigint)[]): string => {
    const number = typeof name === "number" ? name : numberOf(name, arch);
    if (number === undefined) throw new Error(`no call ${name} on ${arch}`);
    const call = { arch: AUDIT_ARCH[arch], number, args: args.map(BigInt) };
    return printAction(decodeAction(interpret(program, call).value));
  };
};

/**
 * Calls of the ABIs that share a machine with x86-64: i386 by `int 0x80`, and x32 by a bit in the number (security.md, row 21).
 *
 * The programs are bytes of our own: no compiler is needed, and no library is in between.
 * @module
 */

import { expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { encodeElf } from "../../src/codegen/elf.ts";
import { backend } from "../../src/codegen/x64/lower.ts";
import { box } from "../support/box.ts";
import { describeForCallers } from "../support/callers.ts";
import { scratchDirectory } from "../support/scratch.ts";

const scratch = scratchDirectory();

const [THROUGH, NOT_THROUGH] = [42, 43];
const KILLED_BY_SIGSYS = 128 + 31;

/** `mov eax, 231; mov edi, 43; syscall`: exit_group by the native ABI, for where the call before has come back. */
const NATIVE_EXIT = "b8e7000000 bf2b000000 0f05";

const PROGRAMS = {
  /** `mov eax, 1; mov ebx, 42; int 0x80`: exit of i386 */
  "int 0x80": `b801000000 bb2a000000 cd80 ${NATIVE_EXIT}`,
  /** `mov eax, 0x4000003c; mov edi, 42; syscall`: exit of x32 */
  "a number with the bit of x32": `b83c000040 bf2a000000 0f05 ${NATIVE_EXIT}`,
  /** `mov eax, 0x8000003c; …`: a negative number */
  "a number with the highest bit": `b83c000080 bf2a000000 0f05 ${NATIVE_EXIT}`,
  /** `mov eax, 0x3c; mov edi, 42; syscall`: exit, to see that the programs themselves work */
  "the native way": `b83c000000 bf2a000000 0f05 ${NATIVE_EXIT}`,
};

const write = (name: string, hex: string): string => {
  const path = scratch.at(name.replaceAll(" ", "-"));
  const body = Uint8Array.fromHex(hex.replaceAll(" ", ""));
  const { machine, pageBytes } = backend;
  const writable = { address: 0x600000, sizeBytes: 16 };
  writeFileSync(path, encodeElf({ machine, pageBytes, baseAddress: 0x400000, body, writable }));
  chmodSync(path, 0o755);
  return path;
};

const isX64 = process.arch === "x64";

describeForCallers("a call of another ABI", (caller) => {
  const exitCode = (path: string, ...flags: readonly string[]): number =>
    box(caller, ["/t/program"], { flags: [...flags, "-v", `${path}:/t/program:ro`] }).exitCode;

  if (!isX64) {
    test.skip("ends the process: this machine is no x64, and has no other ABIs of that kind", () => {});
    return;
  }

  test("programs made of a few bytes run, and calls of the native ABI go through", () => {
    expect(exitCode(write("native", PROGRAMS["the native way"]))).toBe(THROUGH);
  });

  test.each(["int 0x80", "a number with the bit of x32", "a number with the highest bit"] as const)(
    "ends the process, made by %s, whatever the profile",
    (name) => {
      const path = write(name, PROGRAMS[name]);
      expect(exitCode(path)).toBe(KILLED_BY_SIGSYS);
      expect(exitCode(path, "--seccomp", "strict")).toBe(KILLED_BY_SIGSYS);
      expect(exitCode(path, "--seccomp-log")).toBe(KILLED_BY_SIGSYS);
      const allowing = scratch.file("allow.json", JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW" }));
      expect(exitCode(path, "--seccomp", allowing)).toBe(KILLED_BY_SIGSYS);
    },
  );

  test("is no more than refused by the kernel where there is no filter", () => {
    expect(exitCode(write("x32", PROGRAMS["a number with the highest bit"]), "--seccomp", "none")).toBe(NOT_THROUGH);
    // With CONFIG_IA32_EMULATION the call of i386 is made: it is the filter that holds it up.
    expect([THROUGH, 128 + 11]).toContain(exitCode(write("i386", PROGRAMS["int 0x80"]), "--seccomp", "none"));
  });
});

/**
 * The restriction as machine code: natively, and under an emulator, which has no Landlock.
 */
import { describe, expect, test } from "bun:test";
import { branch, compute, flags, label, slot, text } from "../../../src/ir/build.ts";
import { AT_FDCWD, call, exitGroup, ignoring, prctl } from "../../../src/ir/calls.ts";
import type { Program } from "../../../src/ir/program.ts";
import { errnos } from "../../../src/linux/errno.ts";
import { PR_SET_NO_NEW_PRIVS } from "../../../src/linux/process.ts";
import { restrictPayload } from "../../../src/plan/lower/landlock.ts";
import { ARCHES, emulatorOf, run } from "../../codegen/run.ts";
import { KERNEL_ABI, type PlanShape, planWith } from "../../support/landlock.ts";

const FAILED = 99;

/** Exits with the errno of opening /dev/zero for writing, which every user may do, and no rule allows. */
const openForWriting = (shape: PlanShape): Program => ({
  shape: "image",
  onFail: "failed",
  slots: [],
  ops: [
    prctl(flags({ PR_SET_NO_NEW_PRIVS }), 1),
    ...restrictPayload(planWith(shape)),
    ignoring(call("openat", [AT_FDCWD, text("/dev/zero"), flags({ O_WRONLY: 1 }), 0], slot("opened"))),
    branch(slot("opened"), "less", 0, "refused"),
    exitGroup(0),
    label("refused"),
    compute(slot("errno"), 0, "subtract", slot("opened")),
    exitGroup(slot("errno")),
    label("failed"),
    exitGroup(FAILED),
  ],
});

for (const arch of ARCHES) {
  const emulator = emulatorOf(arch);
  const missing = "missing" in emulator ? emulator.missing : undefined;
  const abi = missing === undefined && "command" in emulator && emulator.command.length > 0 ? 0 : KERNEL_ABI;
  const exitCode = (shape: PlanShape = {}): number | null => run(openForWriting(shape), arch).exitCode;

  describe.if(missing === undefined)(
    `Landlock in an image for ${arch}${missing === undefined ? "" : `: ${missing}`}`,
    () => {
      test("is in force where the kernel has it, and missing without a word where it has not", () => {
        expect(exitCode()).toBe(abi >= 2 ? errnos.EACCES : 0);
      });

      test("ends the start where it is required and the kernel has it not", () => {
        expect(exitCode({ levels: { fs: "required" } })).toBe(abi >= 5 ? errnos.EACCES : FAILED);
      });

      test("asks for nothing more where files are off", () => {
        expect(exitCode({ levels: { fs: "off" } })).toBe(0);
      });
    },
  );
}

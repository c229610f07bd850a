/**
 * The front: what a binary of ours does before the JavaScript runtime that it contains.
 *
 * `bunker run` of a command line that was planned before needs no JavaScript: its sandbox is kept as a launcher's image and a table of
 * checks (launcher/kept.ts). The front looks it up, makes sure that everything is still as it was, starts it and becomes its
 * monitor. In every other case it has changed nothing, and the runtime starts as if there were no front.
 * @module
 */
import { label, resume } from "../../ir/build.ts";
import { MACHINE_SLOTS, type Program } from "../../ir/program.ts";
import { verify } from "../../ir/verify.ts";
import type { Arch } from "../../linux/syscalls.ts";
import { ENTRY_SLOTS } from "../entry.ts";
import { passChecks } from "./checks.ts";
import { findKept } from "./find.ts";
import { nofile, noteNofile } from "./nofile.ts";
import { initialise, startKept } from "./start.ts";

export interface FrontOptions {
  readonly arch: Arch;
  /** The entry point of the program behind. */
  readonly resumeAt: number;
  /** The monitor's executable. */
  readonly monitor: Uint8Array;
}

const MACHINE = Object.values(MACHINE_SLOTS);

export const frontProgram = ({ arch, resumeAt, monitor }: FrontOptions): Program =>
  verify({
    shape: "front",
    resumeAt,
    onFail: "give up",
    slots: [...Object.values(nofile), ...ENTRY_SLOTS.filter((one) => !MACHINE.some(({ name }) => name === one.name))],
    ops: [
      ...initialise(),
      ...noteNofile(),
      ...findKept(arch),
      ...passChecks(),
      ...startKept({ image: monitor }),
      label("resume"),
      resume(),
    ],
  });

/**
 * The routine that `clone(2)` enters: position-independent code in a page of the supervisor's, without stack, libc or JavaScript.
 *
 * A process made with CLONE_NEWUSER has every capability but no mapped id, and an exec by an unmapped id would lose them. Made
 * inheritable and ambient, they survive (capabilities(7), "Ambient"). Then the descriptors take their places and the image is
 * executed. The block is shared memory (CLONE_VM), so that a failure is seen by the supervisor without a message.
 * @module
 */
import { addressOf, branch, compute, flags, label, load, set, slot } from "../ir/build.ts";
import { call, exitGroup, ignoring, onErrno, prctl } from "../ir/calls.ts";
import type { Op, Operand, Slot } from "../ir/op.ts";
import { MACHINE_SLOTS, type Program } from "../ir/program.ts";
import { EXIT, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE } from "../linux/process.ts";

const capabilityHeader = slot("capability header");
const capabilitySets = [slot("capability set 0"), slot("capability set 1"), slot("capability set 2")] as const;
const capability = slot("capability");
const move = slot("move");
const from = slot("from");
const to = slot("to");

/** What the supervisor fills in before the clone; the addresses are of memory that it keeps until the child has been executed. */
export const ENTRY_PARAMETERS = {
  imageFd: slot("image"),
  /** Address of an empty string. */
  emptyPath: slot("empty path"),
  /** Address of the image's argv, and of its empty environment. */
  argv: slot("argv"),
  environment: slot("environment"),
  /** See {@link moveDescriptors}. */
  moves: slot("moves"),
} as const satisfies Record<string, Slot>;

/** Slots by their place in the block. */
export const ENTRY_SLOTS: readonly Slot[] = [
  MACHINE_SLOTS.stack,
  MACHINE_SLOTS.failedOp,
  MACHINE_SLOTS.failedErrno,
  ...Object.values(ENTRY_PARAMETERS),
  capabilityHeader,
  ...capabilitySets,
  capability,
  move,
  from,
  to,
];

/** `_LINUX_CAPABILITY_VERSION_3`, pid 0: the caller itself. */
const CAPABILITY_VERSION_3 = 0x20080522;
export const END_OF_MOVES = 0xffffffff;

/**
 * `struct __user_cap_data_struct { u32 effective, permitted, inheritable } [2]`, all ones: the kernel takes what is permitted
 * and cuts off numbers that it does not know.
 */
export const raiseAmbient = (): readonly Op[] => [
  set(capabilityHeader, CAPABILITY_VERSION_3),
  ...capabilitySets.map((part) => set(part, -1)),
  call("capset", [addressOf(capabilityHeader), addressOf(capabilitySets[0])]),
  set(capability, 0),
  label("raise"),
  onErrno(prctl(flags({ PR_CAP_AMBIENT }), flags({ PR_CAP_AMBIENT_RAISE }), capability), ["EINVAL"], "raised"),
  compute(capability, capability, "add", 1),
  branch(capability, "less", 64, "raise"),
  label("raised"),
];

/**
 * dup3 clears close-on-exec on the copy: exactly these descriptors reach the image. `moves` is the address of pairs of
 * `u32 from, u32 to`; {@link END_OF_MOVES} ends them.
 */
export const moveDescriptors = (moves: Operand): readonly Op[] => [
  set(move, moves),
  label("move"),
  load(from, move, 0, 4),
  branch(from, "equal", END_OF_MOVES, "moved"),
  load(to, move, 4, 4),
  call("dup3", [from, to, 0]),
  compute(move, move, "add", 8),
  branch(from, "notEqual", END_OF_MOVES, "move"),
  label("moved"),
];

/** `ambient`: the sandbox has a user namespace of its own, whose capabilities must survive the exec of the image. */
export const entryProgram = ({ ambient }: { readonly ambient: boolean }): Program => ({
  shape: "routine",
  onFail: "failed",
  slots: ENTRY_SLOTS,
  ops: [
    ...(ambient ? raiseAmbient() : []),
    ...moveDescriptors(ENTRY_PARAMETERS.moves),
    call("execveat", [
      ENTRY_PARAMETERS.imageFd,
      ENTRY_PARAMETERS.emptyPath,
      ENTRY_PARAMETERS.argv,
      ENTRY_PARAMETERS.environment,
      flags({ AT_EMPTY_PATH: 0x1000 }),
    ]),
    label("failed"),
    ignoring(exitGroup(EXIT.failed)),
  ],
});

/**
 * Capabilities of the payload, in all five sets, and the securebits that keep them so.
 * @module
 */
import { branch, buffer, bytes, compute, constant, flags, jump, label, set, slot, store } from "../../ir/build.ts";
import { call, described, onErrno, prctl } from "../../ir/calls.ts";
import type { Op, SyscallOp } from "../../ir/op.ts";
import { CAPABILITIES, CAPABILITY_DATA_BYTES, CAPABILITY_HEADER } from "../../linux/capability.ts";
import {
  PR_CAP_AMBIENT,
  PR_CAP_AMBIENT_CLEAR_ALL,
  PR_CAP_AMBIENT_RAISE,
  PR_CAPBSET_DROP,
  PR_SET_SECUREBITS,
} from "../../linux/process.ts";
import { lockOf, SECUREBITS, type Securebit } from "../../linux/securebits.ts";
import type { Plan } from "../plan.ts";
import { changesIds } from "./identity.ts";

const maskOf = (numbers: readonly number[]): bigint =>
  numbers.reduce((mask, number) => mask | (1n << BigInt(number)), 0n);

const shown = (numbers: readonly number[]): string =>
  numbers.length === 0 ? "0" : numbers.map((number) => `CAP_${CAPABILITIES[number] ?? number}`).join("|");

/** Capability numbers are tried upwards until the kernel says EINVAL: it knows no more of them. */
const dropBounding = (kept: readonly number[]): readonly Op[] => {
  const number = slot("capability");
  const kept1 = slot("kept");
  return [
    set(number, 0),
    label("bounding"),
    compute(kept1, constant(maskOf(kept), shown(kept)), "shiftRight", number),
    compute(kept1, kept1, "and", 1),
    branch(kept1, "notEqual", 0, "bounding: next"),
    onErrno(prctl(flags({ PR_CAPBSET_DROP }), number), ["EINVAL"], "bounding: done"),
    label("bounding: next"),
    compute(number, number, "add", 1),
    jump("bounding"),
    label("bounding: done"),
  ];
};

const word = (mask: bigint, half: 0 | 1): number => Number((mask >> BigInt(32 * half)) & 0xffffffffn);

/** `struct __user_cap_data_struct { u32 effective, permitted, inheritable } [2]`, the same set three times. */
const capabilityData = (numbers: readonly number[]): Uint8Array => {
  const mask = maskOf(numbers);
  const [low, high] = [word(mask, 0), word(mask, 1)];
  return new Uint8Array(new Uint32Array([low, low, low, high, high, high]).buffer);
};

const HEADER = bytes(CAPABILITY_HEADER, "{_LINUX_CAPABILITY_VERSION_3, 0}");

/** Effective, permitted and inheritable set; the kernel takes out of the ambient set what is no longer in the last two. */
export const setCapabilities = (numbers: readonly number[]): SyscallOp =>
  described(
    call("capset", [HEADER, bytes(capabilityData(numbers), `{${shown(numbers)}}`)]),
    `capset(${shown(numbers)})`,
  );

/** What an unprivileged user keeps through execve: only what is permitted and inheritable can be in the ambient set. */
const raiseAmbient = (numbers: readonly number[]): readonly Op[] => {
  const sets = buffer("capability sets", CAPABILITY_DATA_BYTES);
  const mask = maskOf(numbers);
  return [
    call("capget", [HEADER, sets]),
    store(sets, 8, 4, constant(word(mask, 0), shown(numbers))),
    store(sets, 20, 4, constant(word(mask, 1), shown(numbers))),
    described(call("capset", [HEADER, sets]), `capset(inheritable: ${shown(numbers)})`),
    ...numbers.map((number) =>
      prctl(flags({ PR_CAP_AMBIENT }), flags({ PR_CAP_AMBIENT_RAISE }), constant(number, shown([number]))),
    ),
  ];
};

const SHUT: readonly Securebit[] = ["NOROOT", "NO_SETUID_FIXUP", "NO_CAP_AMBIENT_RAISE"];

/**
 * Bits that are set, and locked: a payload without capabilities has all ways shut by which one could come back, KEEP_CAPS too, which
 * is locked as it is, off. That is a second lock behind an empty bounding set, against what that alone would miss.
 *
 * A payload that was given some is meant to use them as programs do: root inside loses them when it becomes www-data (the fix-up),
 * a daemon keeps one across that (KEEP_CAPS), a shell hands one on (ambient). Any locked bit breaks one of these, and guards nothing:
 * the bounding set is exactly what was given, and no_new_privs lets no execve give back more than the process still has.
 */
export const lockedSecurebits = ({ capabilities }: Pick<Plan, "capabilities">): readonly Securebit[] =>
  capabilities.numbers.length === 0 ? SHUT : [];

const setSecurebits = (plan: Plan): readonly Op[] => {
  const bits = lockedSecurebits(plan);
  const value = bits.reduce((all, bit) => all | SECUREBITS[bit] | lockOf(bit), lockOf("KEEP_CAPS"));
  const names = [...bits, "KEEP_CAPS off"].join("|");
  if (bits.length > 0)
    return [
      described(
        prctl(flags({ PR_SET_SECUREBITS }), constant(value, `${bits.map((bit) => `SECBIT_${bit}`).join("|")}|locks`)),
        `prctl(PR_SET_SECUREBITS, ${names}, locked)`,
      ),
    ];
  // As the change of ids has left them (identity.ts).
  return changesIds(plan.identity) ? [prctl(flags({ PR_SET_SECUREBITS }), 0)] : [];
};

/**
 * All five sets become exactly the plan's. The bounding set first, and the securebits before the sets, while CAP_SETPCAP is still
 * there; the ambient set before the securebits, which forbid to raise it.
 */
export const restrictCapabilities = (plan: Plan): readonly Op[] => {
  const { numbers } = plan.capabilities;
  return [
    prctl(flags({ PR_CAP_AMBIENT }), flags({ PR_CAP_AMBIENT_CLEAR_ALL })),
    ...dropBounding(numbers),
    ...(numbers.length === 0 ? [] : raiseAmbient(numbers)),
    ...setSecurebits(plan),
    setCapabilities(numbers),
  ];
};

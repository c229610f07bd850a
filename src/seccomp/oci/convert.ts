/**
 * A profile from a file → what it comes to for one sandbox: its architecture, its capabilities, and this kernel.
 *
 * The meaning is Docker's and runc's, down to where it surprises; what surprises is said in a remark.
 * @module
 */
import type { CapabilityName } from "../../linux/capability.ts";
import { errnos } from "../../linux/errno.ts";
import type { Arch } from "../../linux/syscalls.ts";
import { type Action, encodeAction, errno, mildness } from "../action.ts";
import type { Condition, Profile, Rule } from "../profile.ts";
import { OURS } from "./names.ts";
import type { Circumstances, Entry, OciProfile } from "./read.ts";

export interface Circumstance {
  readonly arch: Arch;
  readonly capabilities: readonly CapabilityName[];
  /** `uname -r` */
  readonly kernelRelease: string;
}

export const convertOciProfile = (profile: OciProfile, where: Circumstance): Profile => {
  const { defaultAction } = profile;
  const entries = profile.entries.filter((entry) => applies(entry, where));
  const rules = entries.flatMap(rulesOf).filter(({ action }) => encodeAction(action) !== encodeAction(defaultAction));
  return {
    name: profile.file,
    // Stable: of rules that are as strict, the first one stays first.
    rules: rules.toSorted((one, other) => mildness(one.action) - mildness(other.action)),
    otherwise: defaultAction,
    unknown: unknownAction(defaultAction),
    known: "rules",
    // The launcher has one thread: there is nobody to synchronise with.
    flags: profile.flags.filter((flag) => flag !== "SECCOMP_FILTER_FLAG_TSYNC"),
    hasListener: profile.hasListener,
    remarks: [
      ...abiRemarks(profile, where.arch),
      ...entries.flatMap(alternativeRemarks),
      ...(rules.some(({ action }) => action.kind === "trace") ? ["SCMP_ACT_TRACE is ENOSYS where nobody traces"] : []),
    ],
  };
};

// --- internal ---

/** runc says ENOSYS to what is newer than the profile, unless the default lets calls through, or hands them to a tracer. */
const unknownAction = (otherwise: Action): Action =>
  ["allow", "log", "trace"].includes(otherwise.kind) ? otherwise : errno(errnos.ENOSYS);

const releaseOf = (text: string): readonly [number, number] => {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(text) ?? [];
  return [Number(major ?? 0), Number(minor ?? 0)];
};

const isAtLeast = (release: string, [major, minor]: readonly [number, number]): boolean => {
  const [ownMajor, ownMinor] = releaseOf(release);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
};

const holds = (capability: string, { capabilities }: Circumstance): boolean =>
  capabilities.some((name) => `CAP_${name}` === capability);

const ofArch = ({ arches }: Circumstances, { arch }: Circumstance): boolean => arches.includes(OURS[arch].docker);

/** All of `includes` must be so, and nothing of `excludes` (moby/profiles, seccomp_linux.go). */
const applies = ({ includes, excludes }: Entry, where: Circumstance): boolean =>
  (includes.arches.length === 0 || ofArch(includes, where)) &&
  includes.capabilities.every((capability) => holds(capability, where)) &&
  (includes.minKernel === undefined || isAtLeast(where.kernelRelease, includes.minKernel)) &&
  !ofArch(excludes, where) &&
  !excludes.capabilities.some((capability) => holds(capability, where)) &&
  !(excludes.minKernel !== undefined && isAtLeast(where.kernelRelease, excludes.minKernel));

const namesOneTwice = (args: readonly Condition[]): boolean =>
  new Set(args.map(({ argument }) => argument)).size < args.length;

/** libseccomp has one condition an argument; where an entry has more, runc makes a rule of each. */
const rulesOf = ({ names, action, args }: Entry): readonly Rule[] => {
  if (namesOneTwice(args)) return args.map((condition) => ({ names, action, when: [condition] }));
  return [{ names, action, ...(args.length === 0 ? {} : { when: args }) }];
};

const alternativeRemarks = ({ path, args }: Entry): readonly string[] =>
  namesOneTwice(args)
    ? [`the args of ${path} name one argument more than once: any of them is enough, as with runc`]
    : [];

/** Each would need a table of its own, and conditions for registers of 32 bits. */
const abiRemarks = ({ architectures, archMap }: OciProfile, arch: Arch): readonly string[] => {
  const { scmp } = OURS[arch];
  const others = [...architectures, ...(archMap[scmp] ?? [])].filter((one) => one !== scmp);
  const asked = others.filter((one) => ["SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_ARM"].includes(one));
  return asked.length === 0
    ? []
    : [
        `${asked.join(" and ")} ${asked.length === 1 ? "is" : "are"} not let through: a call of another ABI ends the process`,
      ];
};

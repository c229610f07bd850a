/**
 * A seccomp profile in the JSON of the OCI runtime specification, with what Docker and Podman add to it → plain data.
 *
 * What is here is what the file says. What it comes to for one sandbox is decided in convert.ts.
 * @module
 */
import { profileNotJson } from "../../errors/seccomp.ts";
import { errnos } from "../../linux/errno.ts";
import { ARGUMENTS_MAX, ERRNO_MAX, type FilterFlag, SECCOMP_RET_DATA } from "../../linux/seccomp.ts";
import type { Action } from "../action.ts";
import type { Condition } from "../profile.ts";
import { Field, parseJson } from "./field.ts";
import { ACTIONS, ARCHITECTURES, COMPARISONS, FLAGS } from "./names.ts";

/** Docker's `includes` and `excludes`. */
export interface Circumstances {
  readonly capabilities: readonly string[];
  readonly arches: readonly string[];
  readonly minKernel?: readonly [major: number, minor: number];
}

export interface Entry {
  /** Where it stands: `syscalls[3]`. */
  readonly path: string;
  readonly names: readonly string[];
  readonly action: Action;
  readonly args: readonly Condition[];
  readonly includes: Circumstances;
  readonly excludes: Circumstances;
}

export interface OciProfile {
  readonly file: string;
  readonly defaultAction: Action;
  readonly flags: readonly FilterFlag[];
  /** Where they come from an `archMap`, those of each native architecture. */
  readonly architectures: readonly string[];
  readonly archMap: Readonly<Record<string, readonly string[]>>;
  readonly hasListener: boolean;
  readonly entries: readonly Entry[];
}

/** @throws BunkerError that names the place in the file */
export const readOciProfile = (file: string, text: string): OciProfile => {
  const top = new Field(file, parse(file, text)).object(
    "defaultAction",
    "defaultErrnoRet",
    "defaultErrno",
    "architectures",
    "archMap",
    "flags",
    "listenerPath",
    "listenerMetadata",
    "syscalls",
  );
  const architectures = top.architectures.list().map((field) => field.oneOf(ARCHITECTURES));
  const archMap = readArchMap(top.archMap);
  if (architectures.length > 0 && Object.keys(archMap).length > 0)
    top.archMap.refuse("either architectures or archMap, not both");
  return {
    file,
    defaultAction: readAction(top.defaultAction, top.defaultErrnoRet, top.defaultErrno),
    flags: top.flags.list().map((field) => field.oneOf(FLAGS)),
    architectures,
    archMap,
    hasListener: top.listenerPath.isPresent,
    entries: top.syscalls.list().map(readEntry),
  };
};

// --- internal ---

const parse = (file: string, text: string): unknown => {
  try {
    return parseJson(text);
  } catch (error) {
    throw profileNotJson(file, error instanceof Error ? error.message : String(error));
  }
};

const readArchMap = (field: Field): Readonly<Record<string, readonly string[]>> => {
  const maps = field.list().map((item) => item.object("architecture", "subArchitectures"));
  return Object.fromEntries(
    maps.map(({ architecture, subArchitectures }) => [
      architecture.oneOf(ARCHITECTURES),
      subArchitectures.list().map((one) => one.oneOf(ARCHITECTURES)),
    ]),
  );
};

const readEntry = (field: Field): Entry => {
  const entry = field.object(
    "names",
    "name",
    "action",
    "errnoRet",
    "errno",
    "args",
    "includes",
    "excludes",
    "comment",
    "priority",
  );
  return {
    path: field.path,
    names: readNames(entry.names, entry.name),
    action: readAction(entry.action, entry.errnoRet, entry.errno),
    args: entry.args.list().map(readCondition),
    includes: readCircumstances(entry.includes),
    excludes: readCircumstances(entry.excludes),
  };
};

const SYSCALL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** `name` is Docker's way of long ago. */
const readNames = (names: Field, name: Field): readonly string[] => {
  if (name.isPresent && names.isPresent) name.refuse("either name or names, not both");
  const fields = name.isPresent ? [name] : names.list();
  if (fields.length === 0) names.refuse("a list with at least one name of a system call");
  return fields.map((field) => field.matching(SYSCALL_NAME, "the name of a system call"));
};

/** EPERM, where nothing is said. `errno` is Podman's, by name. */
const readErrno = (number: Field, name: Field, max: number): number => {
  if (number.isPresent) return Number(number.integer(BigInt(max)));
  if (!name.isPresent) return errnos.EPERM;
  return errnos[name.oneOf(Object.keys(errnos) as (keyof typeof errnos)[])];
};

const readAction = (action: Field, number: Field, name: Field): Action => {
  const kind = ACTIONS[action.oneOf(Object.keys(ACTIONS))];
  if (kind === "errno") return { kind, errno: readErrno(number, name, ERRNO_MAX) };
  if (kind === "trace") return { kind, data: readErrno(number, name, SECCOMP_RET_DATA) };
  // The specification: an action that takes no errno is given none.
  for (const field of [number, name]) if (field.isPresent) field.refuse(`nothing: ${action.string()} returns no errno`);
  return kind === "trap" ? { kind, data: 0 } : { kind: kind ?? "killProcess" };
};

const readCondition = (field: Field): Condition => {
  const { index, value, valueTwo, op } = field.object("index", "value", "valueTwo", "op");
  const operator = COMPARISONS[op.oneOf(Object.keys(COMPARISONS))] ?? "EQ";
  const first = value.integer();
  const second = valueTwo.isPresent ? valueTwo.integer() : 0n;
  const base = { argument: Number(index.integer(BigInt(ARGUMENTS_MAX - 1))), bits: 64, operator } as const;
  // The first value is the mask then, and libseccomp applies it to the second one too.
  return operator === "MASKED_EQ" ? { ...base, mask: first, value: first & second } : { ...base, value: first };
};

const readCircumstances = (field: Field): Circumstances => {
  if (!field.isPresent) return { capabilities: [], arches: [] };
  const { caps, arches, minKernel } = field.object("caps", "arches", "minKernel");
  return {
    capabilities: caps.list().map((cap) => cap.matching(/^CAP_[A-Z0-9_]+$/, "the name of a capability: CAP_SYS_ADMIN")),
    arches: arches.list().map((arch) => arch.string("the name of an architecture, as Go has it: amd64, arm64")),
    ...(minKernel.isPresent ? { minKernel: readRelease(minKernel) } : {}),
  };
};

const readRelease = (field: Field): readonly [number, number] => {
  const [, major = "", minor = ""] =
    /^(\d+)\.(\d+)$/.exec(field.matching(/^\d{1,6}\.\d{1,6}$/, "a release as MAJOR.MINOR: 4.8")) ?? [];
  return [Number(major), Number(minor)];
};

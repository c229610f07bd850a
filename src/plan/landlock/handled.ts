/**
 * What of a plan's Landlock a kernel can do: the masks for each version of the ABI.
 * @module
 */
import {
  ABI_MAX,
  ACCESS_FS,
  ACCESS_NET,
  type Handled,
  handledBy,
  RESTRICT_SELF_LOG,
  SCOPE,
} from "../../linux/landlock.ts";
import { FS_ABI_MIN, isAskedFor, type Landlock } from "./policy.ts";

const all = (bits: Readonly<Record<string, number>>): number => Object.values(bits).reduce((sum, bit) => sum | bit, 0);

const WITHOUT_SOCKETS = all(ACCESS_FS) & ~ACCESS_FS.RESOLVE_UNIX;

/** What the plan wants, whatever the kernel has. */
const wanted = (landlock: Landlock): Omit<Handled, "log"> => {
  const when = (is: boolean, bits: number): number => (is ? bits : 0);
  return {
    fs: when(isAskedFor(landlock, "fs"), WITHOUT_SOCKETS) | when(isAskedFor(landlock, "unix"), ACCESS_FS.RESOLVE_UNIX),
    net: isAskedFor(landlock, "tcp")
      ? when(landlock.tcp.connect !== undefined, ACCESS_NET.CONNECT_TCP) |
        when(landlock.tcp.bind !== undefined, ACCESS_NET.BIND_TCP)
      : 0,
    scoped:
      when(isAskedFor(landlock, "signal"), SCOPE.SIGNAL) |
      when(isAskedFor(landlock, "abstract"), SCOPE.ABSTRACT_UNIX_SOCKET),
  };
};

/** `struct landlock_ruleset_attr`, and the flags of landlock_restrict_self(2). */
export interface Restriction {
  readonly fs: number;
  readonly net: number;
  readonly scoped: number;
  readonly restrictFlags: number;
}

/**
 * A payload may make Landlock domains of its own, and would fill the host's audit log with what it is denied in them: what it does is
 * logged only where that is asked for.
 */
const restrictFlags = ({ log }: Landlock, handled: Handled): number => {
  if (!handled.log) return 0;
  return log ? RESTRICT_SELF_LOG.NEW_EXEC_ON : RESTRICT_SELF_LOG.SUBDOMAINS_OFF;
};

/** What is in force on a kernel with this ABI; 0 stands for one without Landlock. */
export const restrictionOn = (landlock: Landlock, abi: number): Restriction => {
  const [want, handled] = [wanted(landlock), handledBy(abi)];
  return {
    fs: abi < FS_ABI_MIN ? 0 : want.fs & handled.fs,
    net: want.net & handled.net,
    scoped: want.scoped & handled.scoped,
    restrictFlags: restrictFlags(landlock, handled),
  };
};

const same = (one: Restriction | undefined, other: Restriction): boolean =>
  one !== undefined && (Object.keys(other) as (keyof Restriction)[]).every((key) => one[key] === other[key]);

/** One for each ABI from 0 on, up to the last that adds something for this plan. */
export const restrictions = (landlock: Landlock): readonly Restriction[] => {
  const rows = Array.from({ length: ABI_MAX + 1 }, (_, abi) => restrictionOn(landlock, abi));
  const last = rows.findLastIndex((row, abi) => !same(rows[abi - 1], row));
  return rows.slice(0, last + 1);
};

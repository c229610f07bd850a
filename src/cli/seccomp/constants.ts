/**
 * Arguments of a call as people write them: numbers, and the names that profiles use.
 * @module
 */
import { argumentInvalid } from "../../errors/seccomp.ts";
import { O_CREAT, S_ISGID, S_ISUID } from "../../linux/file.ts";
import { IOCTL } from "../../linux/ioctl.ts";
import { NAMESPACES } from "../../linux/namespace.ts";
import { SCHED } from "../../linux/sched.ts";
import { AF, IPPROTO, NETLINK_ROUTE, SOCK } from "../../linux/socket.ts";

const prefixed = (prefix: string, values: Readonly<Record<string, number>>): readonly (readonly [string, number])[] =>
  Object.entries(values).map(([name, value]) => [`${prefix}_${name}`, value]);

const CONSTANTS: ReadonlyMap<string, number> = new Map([
  ...prefixed("AF", AF),
  ...prefixed("SOCK", SOCK),
  ...prefixed("IPPROTO", IPPROTO),
  ...prefixed("SCHED", SCHED),
  ...Object.entries(IOCTL),
  ...Object.values(NAMESPACES).map(({ constant, flag }) => [constant, flag] as const),
  ["NETLINK_ROUTE", NETLINK_ROUTE],
  ["SOCK_NONBLOCK", 0o4000],
  ["SOCK_CLOEXEC", 0o2000000],
  ["SIGCHLD", 17],
  ["O_CREAT", O_CREAT],
  ["S_ISUID", S_ISUID],
  ["S_ISGID", S_ISGID],
]);

const NUMBER = /^(-?)(0x[0-9a-f]+|0b[01]+|0o?[0-7]*|[1-9][0-9]*)$/i;

/** C's notation: `0x1f`, `0755`, `-1`. */
const numberOf = (text: string): bigint | undefined => {
  const [, sign, digits] = NUMBER.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits.toLowerCase());
  return sign === "-" ? -value : value;
};

const wordOf = (text: string): bigint => {
  const constant = CONSTANTS.get(text);
  const value = constant === undefined ? numberOf(text) : BigInt(constant);
  if (value === undefined || value >= 2n ** 64n || value < -(2n ** 63n))
    throw argumentInvalid(text, [...CONSTANTS.keys()]);
  return value;
};

/** The 64 bits of a register: `CLONE_NEWUSER|SIGCHLD`, `-100`, `0x100005412`. @throws BunkerError for a word that is none */
export const parseArgument = (text: string): bigint =>
  BigInt.asUintN(
    64,
    text.split("|").reduce((bits, word) => bits | wordOf(word.trim()), 0n),
  );

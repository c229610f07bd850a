/**
 * A compiled sandbox and everything that it rests on, as the bytes of a file (launcher/kept.ts). Pure.
 * @module
 */
import {
  CHECK_BYTES,
  CHECKS,
  HASH_SHIFT,
  HASH_START,
  KEPT,
  KEPT_BYTES_MAX,
  KEPT_HEADER_BYTES,
  KEPT_MAGIC,
  KEPT_SUFFIX,
  MISSING,
  SOURCES_MAX,
  TEXT_BYTES_MAX,
} from "../launcher/kept.ts";
import { CAPABILITIES, MAPPING_CAPABILITIES } from "../linux/capability.ts";
import { AT_SYMLINK_NOFOLLOW, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, S_IROTH } from "../linux/file.ts";
import type { NodeType } from "../plugin/host.ts";
import { type Question, REFUSED } from "./host-trace.ts";
import type { Prepared } from "./prepared.ts";

/** What a kept sandbox must be the same in, beside the answers of the host. */
export interface KeptFor {
  /** The arguments behind the name of the program: `run` first. */
  readonly words: readonly string[];
  readonly cwd: string;
  readonly uid: number;
  readonly gid: number;
  /** Standard input is one. */
  readonly terminal: boolean;
  readonly nofile: { readonly soft: number; readonly hard: number };
  /** The path of this binary, and what tells one version of it from another (`IDENTITY_PARTS`). */
  readonly executable: string;
  readonly identity: Uint8Array;
}

const encoder = new TextEncoder();
const withNul = (text: string): Uint8Array => encoder.encode(`${text}\0`);
const wordsOf = (words: readonly string[]): Uint8Array => withNul(words.join("\0"));

/** Where the front looks for it. */
export const keptName = (words: readonly string[], cwd: string): string => {
  let hash = HASH_START;
  for (const byte of [...wordsOf(words), ...withNul(cwd)])
    hash = BigInt.asUintN(64, (hash << BigInt(HASH_SHIFT)) + hash + BigInt(byte));
  return `${hash.toString(16).padStart(16, "0")}${KEPT_SUFFIX}`;
};

/** The bytes behind the tables, each piece once. */
class Pool {
  readonly #start: number;
  readonly #pieces: Uint8Array[] = [];
  #sizeBytes = 0;

  constructor(start: number) {
    this.#start = start;
  }

  get end(): number {
    return this.#start + this.#sizeBytes;
  }

  /** Its offset in the file. */
  add(bytes: Uint8Array): number {
    const offset = this.end;
    this.#pieces.push(bytes);
    this.#sizeBytes += bytes.length;
    return offset;
  }

  copyTo(file: Uint8Array): void {
    let at = this.#start;
    for (const piece of this.#pieces) {
      file.set(piece, at);
      at += piece.length;
    }
  }
}

type Words = readonly (number | bigint)[];
/** A check, once there is a place for what it points to. */
type Check = (pool: Pool) => Words;

/** Only what is the same at every start may be asked again; a question that cannot be makes the sandbox one that is not kept. */
type Checks = readonly Check[] | undefined;

const pathCheck =
  (kind: number, path: string, ...rest: Words): Check =>
  (pool) => [kind, pool.add(withNul(path)), ...rest];

const bytesCheck =
  (kind: number, path: string, bytes: Uint8Array | undefined, ...rest: Words): Check =>
  (pool) => [kind, pool.add(withNul(path)), pool.add(bytes ?? new Uint8Array()), bytes?.length ?? MISSING, ...rest];

/** Types that more than one kind of file has are not among them. */
const TYPE_BITS: Readonly<Partial<Record<NodeType, number>>> = {
  missing: MISSING,
  directory: S_IFDIR,
  file: S_IFREG,
  symlink: S_IFLNK,
};

const nodeCheck = (path: string, follow: boolean, answer: NodeType): Checks => {
  const bits = TYPE_BITS[answer];
  return bits === undefined
    ? undefined
    : [pathCheck(CHECKS.mode, path, follow ? 0 : AT_SYMLINK_NOFOLLOW, S_IFMT, bits)];
};

/** A no has several reasons, and is none to go on with. */
const openToAllCheck = (path: string, answer: boolean): Checks =>
  answer ? [pathCheck(CHECKS.mode, path, 0, S_IFMT | S_IROTH, S_IFREG | S_IROTH)] : undefined;

const pathText = (kind: number, path: string, answer: unknown): Checks => [
  bytesCheck(kind, path, answer === REFUSED ? undefined : encoder.encode(answer as string)),
];

/** `limit` bytes at most were read: less is all that there is. */
const textCheck = (path: string, answer: string | undefined, limit: number): Checks => {
  if (answer === undefined) return undefined;
  const bytes = encoder.encode(answer);
  return bytes.length > TEXT_BYTES_MAX || answer.includes("\u{fffd}")
    ? undefined
    : [bytesCheck(CHECKS.text, path, bytes, bytes.length < limit ? 1 : 0)];
};

const environmentCheck =
  (name: string, value: string | undefined): Check =>
  (pool) => [
    CHECKS.environment,
    pool.add(withNul(name)),
    Buffer.byteLength(name),
    pool.add(encoder.encode(value ?? "")),
    value === undefined ? MISSING : Buffer.byteLength(value),
  ];

const MAPPING_MASK = MAPPING_CAPABILITIES.reduce((mask, name) => mask | (1 << CAPABILITIES.indexOf(name)), 0);

/** The maps themselves are questions of their own (launch/host-trace.ts). */
const mayMapCheck = (answer: boolean): Checks =>
  answer ? [() => [CHECKS.capabilities, MAPPING_MASK >>> 0]] : undefined;

const checksOf = ({ of, args, answer }: Question): Checks => {
  const path = args[0] as string;
  switch (of) {
    case "nodeType":
      return nodeCheck(path, (args[1] as { follow?: boolean } | undefined)?.follow ?? true, answer as NodeType);
    case "readLink":
      return pathText(CHECKS.link, path, answer);
    case "realPath":
      return pathText(CHECKS.real, path, answer);
    case "mayExecute":
      return [pathCheck(CHECKS.executable, path, answer ? 1 : 0)];
    case "openToAll":
      return openToAllCheck(path, answer as boolean);
    case "readText":
      return textCheck(path, answer as string | undefined, Number.POSITIVE_INFINITY);
    case "readTextIn":
      // The front has no openat2(2) for it.
      return undefined;
    case "readStart":
      return textCheck(path, answer as string | undefined, args[1] as number);
    case "list":
      return undefined;
    case "environment":
      return [environmentCheck(path, answer as string | undefined)];
    case "mayMapIds":
      return mayMapCheck(answer as boolean);
  }
};

const callerChecks = (of: KeptFor): readonly Check[] => [
  (pool) => {
    const bytes = wordsOf(of.words);
    return [CHECKS.words, pool.add(bytes), bytes.length];
  },
  (pool) => {
    const bytes = withNul(of.cwd);
    return [CHECKS.cwd, pool.add(bytes), bytes.length];
  },
  () => [CHECKS.ids, of.uid, of.gid],
  () => [CHECKS.terminal, of.terminal ? 1 : 0],
  () => [CHECKS.nofile, of.nofile.soft, of.nofile.hard],
  // With it this binary is not Bunker, but the runtime inside (design §8).
  environmentCheck("BUN_BE_BUN", undefined),
  bytesCheck(CHECKS.link, "/proc/self/exe", encoder.encode(of.executable)),
  (pool) => [CHECKS.identity, pool.add(withNul("/proc/self/exe")), pool.add(of.identity)],
];

const writeWords = (view: DataView, at: number, words: Words): void => {
  for (const [index, word] of words.entries()) view.setBigUint64(at + 8 * index, BigInt(word), true);
};

const header = (prepared: Prepared): Readonly<Partial<Record<keyof typeof KEPT, number | bigint>>> => ({
  magic: KEPT_MAGIC,
  checks: KEPT_HEADER_BYTES,
  namespaces: prepared.namespaces,
  ambient: Number(prepared.ambient),
  ownIds: Number(prepared.ownIds !== undefined),
  uid: prepared.ownIds?.uid ?? 0,
  gid: prepared.ownIds?.gid ?? 0,
  waits: Number(prepared.waits),
  init: Number(prepared.init),
  oomScore: prepared.oomScore,
  sourceCount: prepared.sources.length,
  imageBytes: prepared.image.length,
  terminal: prepared.terminal,
  relays: Number(prepared.relays),
});

/** The front copies each with the mounts below, and maps no ids. */
const isPlain = ({ recursive, idmap }: Prepared["sources"][number]): boolean => recursive && idmap === undefined;

/** Undefined where something that was asked of the host cannot be asked again by the front, or where it is too large. */
export const encodeKept = (of: KeptFor, questions: readonly Question[], prepared: Prepared): Uint8Array | undefined => {
  const asked = questions.map(checksOf);
  if (asked.includes(undefined) || prepared.sources.length > SOURCES_MAX || prepared.maps) return undefined;
  if (!prepared.sources.every(isPlain) || prepared.secrets.length > 0) return undefined;
  const checks = [...callerChecks(of), ...asked.flatMap((some) => some ?? [])];
  const sources = KEPT_HEADER_BYTES + (checks.length + 1) * CHECK_BYTES;
  const pool = new Pool(sources + 8 * prepared.sources.length);
  const table = checks.map((check) => check(pool));
  const paths = prepared.sources.map(({ path }) => pool.add(withNul(path)));
  const image = pool.add(prepared.image);
  if (pool.end > KEPT_BYTES_MAX) return undefined;
  const file = new Uint8Array(pool.end);
  const view = new DataView(file.buffer);
  for (const [index, words] of table.entries()) writeWords(view, KEPT_HEADER_BYTES + index * CHECK_BYTES, words);
  writeWords(view, sources, paths);
  const known = { ...header(prepared), sizeBytes: pool.end, sources, image };
  for (const [name, word] of Object.entries(known)) writeWords(view, KEPT[name as keyof typeof KEPT], [word]);
  pool.copyTo(file);
  return file;
};

/**
 * Writes the tables of `src/linux` from the kernel's headers (Debian: `linux-libc-dev`, and `cpp` to read them).
 *
 *     bun scripts/gen-syscalls.ts            write the tables
 *     bun scripts/gen-syscalls.ts --check    exit 1 if a table differs from the headers, or if there are no headers
 *
 * x64 has a table of its own; arm64 uses the generic one with the switches of its `asm/unistd.h`. Calls that are newer than the headers
 * are added (newer-syscalls.ts).
 * @module
 */
import { NEWER_CALLS } from "./newer-syscalls.ts";

const GENERIC = "/usr/include/asm-generic";
const X64 = "/usr/include/x86_64-linux-gnu/asm";
const HEADERS = {
  version: "/usr/include/linux/version.h",
  x64: `${X64}/unistd_64.h`,
  arm64: `${GENERIC}/unistd.h`,
  errnoBase: `${GENERIC}/errno-base.h`,
  errno: `${GENERIC}/errno.h`,
};

/** What `arch/arm64/include/uapi/asm/unistd.h` defines before it includes the generic table. */
const ARM64_SWITCHES = [
  "__ARCH_WANT_RENAMEAT",
  "__ARCH_WANT_NEW_STAT",
  "__ARCH_WANT_SET_GET_RLIMIT",
  "__ARCH_WANT_TIME32_SYSCALLS",
  "__ARCH_WANT_SYS_CLONE3",
  "__ARCH_WANT_MEMFD_SECRET",
];

/** Names in the headers that are no calls: the size of the table, and the start of numbers that an arch may use. */
const NOT_A_CALL = new Set(["syscalls", "arch_specific_syscall"]);

/** Where strerror(3) says it better than the comment in the kernel's header. */
const GLIBC_TEXTS: Readonly<Record<string, string>> = {
  EIO: "input/output error",
  EBADF: "bad file descriptor",
  EAGAIN: "resource temporarily unavailable",
  ENOMEM: "cannot allocate memory",
  EXDEV: "invalid cross-device link",
  ENFILE: "too many open files in system",
  ENOTTY: "inappropriate ioctl for device",
  EDOM: "numerical argument out of domain",
  ERANGE: "numerical result out of range",
  EDEADLK: "resource deadlock avoided",
  ENOLCK: "no locks available",
  ENOSYS: "function not implemented",
  ENOTEMPTY: "directory not empty",
  ELOOP: "too many levels of symbolic links",
  EOVERFLOW: "value too large for defined data type",
  EILSEQ: "invalid or incomplete multibyte or wide character",
  EOPNOTSUPP: "operation not supported",
  ECONNABORTED: "software caused connection abort",
  ENOBUFS: "no buffer space available",
  EISCONN: "transport endpoint is already connected",
  ETIMEDOUT: "connection timed out",
  EDQUOT: "disk quota exceeded",
  EBADMSG: "bad message",
  ECANCELED: "operation canceled",
};

const missing = await missingHeaders();
if (missing.length > 0) {
  console.error(`gen-syscalls: cannot read ${missing.join(", ")}; install linux-libc-dev on an x86-64 machine`);
  process.exit(1);
}

const version = await headerVersion();
const newest = NEWER_CALLS.at(-1)?.since;
const outputs: Readonly<Record<string, string>> = {
  "src/linux/syscalls.x64.ts": syscallTable(
    "syscallsX64",
    "asm/unistd_64.h",
    withNewer("x64", await syscallsOf(HEADERS.x64, [])),
  ),
  "src/linux/syscalls.arm64.ts": syscallTable(
    "syscallsArm64",
    "asm-generic/unistd.h with the switches of arm64",
    withNewer("arm64", await syscallsOf(HEADERS.arm64, ARM64_SWITCHES)),
  ),
  "src/linux/errno.ts": errnoModule(await errnoRows()),
};

const check = process.argv.includes("--check");
let stale = false;
for (const [path, text] of Object.entries(outputs)) {
  const same = (await Bun.file(path).exists()) && (await Bun.file(path).text()) === text;
  if (same) continue;
  if (check) console.error(`gen-syscalls: ${path} differs from the headers of Linux ${version}; run without --check`);
  else await Bun.write(path, text);
  stale = true;
}
process.exit(check && stale ? 1 : 0);

// --- headers ---

async function missingHeaders(): Promise<string[]> {
  const present = await Promise.all(Object.values(HEADERS).map((path) => Bun.file(path).exists()));
  return Object.values(HEADERS).filter((_, index) => !present[index]);
}

/** `393659` → `6.1.187`. */
async function headerVersion(): Promise<string> {
  const text = await Bun.file(HEADERS.version).text();
  const part = (name: string) => new RegExp(`LINUX_VERSION_${name} (\\d+)`).exec(text)?.[1];
  return [part("MAJOR"), part("PATCHLEVEL"), part("SUBLEVEL")].join(".");
}

/** Every macro after preprocessing, as text. */
async function macrosOf(header: string, switches: readonly string[]): Promise<Map<string, string>> {
  const defines = switches.map((name) => `-D${name}`);
  const text = await Bun.$`cpp -dM ${defines} ${header}`.text();
  return new Map([...text.matchAll(/^#define (\w+) (.*)$/gm)].map(([, name = "", value = ""]) => [name, value]));
}

/** Name and number of each call, in the order of the numbers. `__NR_fcntl` stands for `__NR3264_fcntl` on 64 bits. */
async function syscallsOf(header: string, switches: readonly string[]): Promise<[string, number][]> {
  const macros = await macrosOf(header, switches);
  const resolve = (value: string): number => Number(macros.get(value) ?? value);
  return [...macros]
    .filter(([name]) => name.startsWith("__NR_"))
    .map(([name, value]): [string, number] => [name.slice("__NR_".length), resolve(value)])
    .filter(([name, number]) => !NOT_A_CALL.has(name) && Number.isInteger(number))
    .sort(([, left], [, right]) => left - right);
}

/** The rows of the headers and what is newer, in the order of the numbers. @throws where the two contradict each other */
function withNewer(arch: "x64" | "arm64", rows: readonly [string, number][]): [string, number][] {
  const known = new Map(rows);
  const newer = NEWER_CALLS.filter(({ only = arch }) => only === arch).flatMap(({ calls }) => Object.entries(calls));
  for (const [name, number] of newer) {
    const other = rows.find(([, taken]) => taken === number)?.[0] ?? name;
    if ((known.get(name) ?? number) !== number || other !== name)
      throw new Error(`gen-syscalls: ${name} is ${number} in newer-syscalls.ts, but not in the headers of ${arch}`);
    known.set(name, number);
  }
  return [...known].sort(([, left], [, right]) => left - right);
}

/** Name, number and text of each errno that has a number of its own (`EWOULDBLOCK` is only a name of `EAGAIN`). */
async function errnoRows(): Promise<[string, number, string][]> {
  const text = (await Promise.all([HEADERS.errnoBase, HEADERS.errno].map((path) => Bun.file(path).text()))).join("\n");
  return [...text.matchAll(/^#define\s+(E\w+)\s+(\d+)\s*\/\* (.*?) \*\//gm)].map(
    ([, name = "", number, comment = ""]) => [name, Number(number), GLIBC_TEXTS[name] ?? lowerFirst(comment)],
  );
}

/** `No such file` → `no such file`, but `RFS specific error` stays. */
function lowerFirst(text: string): string {
  return /^[A-Z][A-Z./]/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1);
}

// --- modules ---

function generatedHeader(summary: string, source: string, added = ""): string {
  return [
    "/**",
    ` * ${summary}`,
    " *",
    ` * Generated by scripts/gen-syscalls.ts from ${source}, Linux ${version}${added}. Do not edit.`,
    " * @module",
    " */",
  ].join("\n");
}

function syscallTable(name: string, source: string, rows: readonly [string, number][]): string {
  const lines = rows.map(([call, number]) => `  ${call}: ${number},`).join("\n");
  return `${generatedHeader("System call names and their numbers.", source, `, with what is new up to ${newest}`)}
export const ${name} = {\n${lines}\n} as const;\n`;
}

function errnoModule(rows: readonly [string, number, string][]): string {
  const numbers = rows.map(([name, number]) => `  ${name}: ${number},`).join("\n");
  const texts = rows.map(([name, , text]) => `  ${name}: "${text}",`).join("\n");
  return `${generatedHeader("Errnos: names, numbers, and texts in the words of strerror(3).", "asm-generic/errno.h")}
export const errnos = {\n${numbers}\n} as const;

export type ErrnoName = keyof typeof errnos;

const texts: Readonly<Record<ErrnoName, string>> = {\n${texts}\n};

const names = new Map<number, ErrnoName>(Object.entries(errnos).map(([name, number]) => [number, name as ErrnoName]));

/** The name of a positive errno: \`1\` → \`EPERM\`. Unknown numbers print as \`errno 1234\`. */
export function errnoName(number: number): string {
  return names.get(number) ?? \`errno \${number}\`;
}

/** What a positive errno means, in lower case: \`1\` → \`operation not permitted\`. */
export function errnoText(number: number): string {
  const name = names.get(number);
  return name === undefined ? \`unknown error \${number}\` : texts[name];
}
`;
}

/**
 * Runs assembled programs: natively where the architecture is the machine's, under qemu's user mode emulation elsewhere.
 * @module
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { movz } from "../../src/codegen/arm64/encode.ts";
import { backend as arm64 } from "../../src/codegen/arm64/lower.ts";
import { REGISTERS as ARM64 } from "../../src/codegen/arm64/registers.ts";
import { encodeElf } from "../../src/codegen/elf.ts";
import { assemble } from "../../src/codegen/image.ts";
import { ADDRESSES } from "../../src/codegen/writable.ts";
import { movImm32 } from "../../src/codegen/x64/encode.ts";
import { backend as x64 } from "../../src/codegen/x64/lower.ts";
import { REGISTERS as X64 } from "../../src/codegen/x64/registers.ts";
import type { OnErrno, Op, Operand, Slot, SyscallOp, Text } from "../../src/ir/op.ts";
import type { Program } from "../../src/ir/program.ts";
import type { Arch, SyscallName } from "../../src/linux/syscalls.ts";
import { written } from "./rows.ts";

export const ARCHES: readonly Arch[] = ["x64", "arm64"];

const QEMU: Readonly<Record<Arch, string>> = { x64: "qemu-x86_64-static", arm64: "qemu-aarch64-static" };

/** The command in front of an image, or why there is none. */
export function emulatorOf(arch: Arch): { readonly command: readonly string[] } | { readonly missing: string } {
  if (process.arch === arch) return { command: [] };
  const path = Bun.which(QEMU[arch]);
  return path ? { command: [path] } : { missing: `no ${QEMU[arch]} on this machine` };
}

export interface Run {
  readonly exitCode: number | null;
  readonly signal: string | number | undefined;
  readonly stdout: Uint8Array;
}

/** Assembles and runs an image. */
export function run(program: Program, arch: Arch, args: readonly string[] = []): Run {
  return runBytes(assemble(program, arch), arch, args);
}

/** Assembles a routine, and runs it in an image that calls it with a block of zeros. */
export function runRoutine(program: Program, arch: Arch): Run {
  const load = written((out) => {
    if (arch === "x64") movImm32(out, X64.rdi, ADDRESSES.image.writable);
    else movz(out, ARM64.x0, ADDRESSES.image.writable >> 16, 16);
  });
  const body = Uint8Array.of(...load, ...assemble(program, arch));
  const writable = { address: ADDRESSES.image.writable, sizeBytes: program.slots.length * 8 };
  const { machine, pageBytes } = arch === "x64" ? x64 : arm64;
  return runBytes(encodeElf({ machine, pageBytes, baseAddress: ADDRESSES.image.code, body, writable }), arch);
}

function runBytes(bytes: Uint8Array, arch: Arch, args: readonly string[] = []): Run {
  const emulator = emulatorOf(arch);
  if ("missing" in emulator) throw new Error(emulator.missing);
  const directory = mkdtempSync(join(tmpdir(), "bunker-image-"));
  try {
    const path = join(directory, "image");
    writeFileSync(path, bytes);
    chmodSync(path, 0o700);
    const { exitCode, signalCode, stdout } = Bun.spawnSync([...emulator.command, path, ...args]);
    return { exitCode, signal: signalCode, stdout };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

// --- short words for programs in tests ---

export const FAIL: OnErrno = { kind: "fail" };
export const IGNORE: OnErrno = { kind: "ignore", errnos: [] };

export const slot = (name: string): Slot => ({ kind: "slot", name });

export const text = (value: string): Text => ({ kind: "text", text: value });

export const call = (name: SyscallName, args: readonly Operand[], onErrno: OnErrno = FAIL, into?: Slot): SyscallOp => ({
  kind: "syscall",
  name,
  args,
  onErrno,
  ...(into && { into }),
});

export const set = (into: string, value: Operand): Op => ({ kind: "set", into: slot(into), value });

export const label = (name: string): Op => ({ kind: "label", name });

export const say = (words: string): Op => call("write", [1, text(words), words.length]);

export const exit = (status: Operand): Op => call("exit_group", [status], IGNORE);

/** An image whose failures end in status 100 + errno. */
export const image = (...ops: readonly Op[]): Program => ({
  shape: "image",
  slots: [],
  onFail: "failed",
  ops: [
    ...ops,
    exit(0),
    label("failed"),
    { kind: "compute", operation: "add", into: slot("status"), left: slot("failedErrno"), right: 100 },
    exit(slot("status")),
  ],
});

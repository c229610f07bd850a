/**
 * Instructions and their bytes: `struct sock_filter`, as the kernel takes it and as `bubblewrap --seccomp` reads it.
 * @module
 */
import { SOCK_FILTER_BYTES } from "../linux/bpf.ts";

export interface Instruction {
  readonly code: number;
  /** Of a conditional jump: how many instructions are left out where the test holds, and where not. */
  readonly yes: number;
  readonly no: number;
  readonly k: number;
}

export const encodeInstructions = (program: readonly Instruction[]): Uint8Array => {
  const bytes = new Uint8Array(program.length * SOCK_FILTER_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, { code, yes, no, k }] of program.entries()) {
    const at = index * SOCK_FILTER_BYTES;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, yes);
    view.setUint8(at + 3, no);
    view.setUint32(at + 4, k, true);
  }
  return bytes;
};

/** Undefined where the bytes are no whole number of instructions. */
export const decodeInstructions = (bytes: Uint8Array): readonly Instruction[] | undefined => {
  if (bytes.length % SOCK_FILTER_BYTES !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / SOCK_FILTER_BYTES }, (_, index) => {
    const at = index * SOCK_FILTER_BYTES;
    return {
      code: view.getUint16(at, true),
      yes: view.getUint8(at + 2),
      no: view.getUint8(at + 3),
      k: view.getUint32(at + 4, true),
    };
  });
};

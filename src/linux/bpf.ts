/**
 * Classic BPF, the instruction set of seccomp filters: one accumulator, an index register, sixteen words of memory, jumps forward only.
 *
 * Source: include/uapi/linux/bpf_common.h, include/uapi/linux/filter.h, Documentation/networking/filter.rst.
 * @module
 */

/** `struct sock_filter { u16 code; u8 jt; u8 jf; u32 k }`. */
export const SOCK_FILTER_BYTES = 8;

/** `BPF_MAXINSNS`. */
export const INSTRUCTIONS_MAX = 4096;
/** `BPF_MEMWORDS`. */
export const MEMORY_WORDS = 16;
/** What the 8 bits of a conditional jump reach. */
export const JUMP_MAX = 255;

export const CLASS = { LD: 0x00, LDX: 0x01, ST: 0x02, STX: 0x03, ALU: 0x04, JMP: 0x05, RET: 0x06, MISC: 0x07 } as const;
/** Of loads: `W` is the size, the others say from where. */
export const LOAD = { W: 0x00, IMM: 0x00, ABS: 0x20, MEM: 0x60, LEN: 0x80 } as const;
export const ALU = {
  ADD: 0x00,
  SUB: 0x10,
  MUL: 0x20,
  DIV: 0x30,
  OR: 0x40,
  AND: 0x50,
  LSH: 0x60,
  RSH: 0x70,
  NEG: 0x80,
  XOR: 0xa0,
} as const;
export const JUMP = { JA: 0x00, JEQ: 0x10, JGT: 0x20, JGE: 0x30, JSET: 0x40 } as const;
/** The second operand: the constant, or the index register. */
export const SOURCE = { K: 0x00, X: 0x08 } as const;
/** What a return gives back: the constant, or the accumulator. */
export const RETURN = { K: 0x00, A: 0x10 } as const;
export const MISC = { TAX: 0x00, TXA: 0x80 } as const;

/** The codes that compiled filters are made of: those that the kernel can evaluate for its cache of allowed calls. */
export const CODE = {
  /** `A = data[k]` */
  load: CLASS.LD | LOAD.W | LOAD.ABS,
  /** `A &= k` */
  and: CLASS.ALU | ALU.AND | SOURCE.K,
  jump: CLASS.JMP | JUMP.JA,
  /** `A == k` */
  equal: CLASS.JMP | JUMP.JEQ | SOURCE.K,
  /** `A >= k`, unsigned */
  atLeast: CLASS.JMP | JUMP.JGE | SOURCE.K,
  /** `A & k` is not 0 */
  anyBit: CLASS.JMP | JUMP.JSET | SOURCE.K,
  return: CLASS.RET | RETURN.K,
} as const;

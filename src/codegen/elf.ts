/**
 * A static ELF64 executable with a fixed address and no padding.
 *
 * Code and writable memory are different segments and no segment is both (W^X). The writable one has no bytes in the file.
 * @see https://man7.org/linux/man-pages/man5/elf.5.html
 * @module
 */

/** What the kernel needs to know about an image. */
export interface ElfParts {
  /** `e_machine`. */
  readonly machine: number;
  /** Largest page of the architecture; addresses and `p_align` are multiples of it. */
  readonly pageBytes: number;
  /** Where the file's first byte is in memory. */
  readonly baseAddress: number;
  /** Code and read-only data; it begins with the entry point, right behind the headers. */
  readonly body: Uint8Array;
  readonly writable: { readonly address: number; readonly sizeBytes: number };
}

const FILE_HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const PROGRAM_HEADERS = 3;

/** Offset of the body in the file. */
export const ELF_HEADER_BYTES = FILE_HEADER_BYTES + PROGRAM_HEADERS * PROGRAM_HEADER_BYTES;

const PT_LOAD = 1;
const PT_GNU_STACK = 0x6474e551;
const PF = { execute: 1, write: 2, read: 4 } as const;

/** The bytes of the file. */
export function encodeElf(parts: ElfParts): Uint8Array {
  const { baseAddress, pageBytes, writable, body } = parts;
  const file = new Uint8Array(ELF_HEADER_BYTES + body.length);
  const view = new DataView(file.buffer);
  writeFileHeader(view, parts);
  writeSegment(view, 0, PT_LOAD, PF.read | PF.execute, baseAddress, file.length, file.length, pageBytes);
  writeSegment(view, 1, PT_LOAD, PF.read | PF.write, writable.address, 0, writable.sizeBytes, pageBytes);
  // Without this header the kernel makes the stack executable (execstack(8)).
  writeSegment(view, 2, PT_GNU_STACK, PF.read | PF.write, 0, 0, 0, 16);
  file.set(body, ELF_HEADER_BYTES);
  return file;
}

// --- internal ---

/** `Elf64_Ehdr`; what is not written stays 0, which includes the upper halves of words. */
function writeFileHeader(view: DataView, { machine, baseAddress }: ElfParts): void {
  view.setUint32(0, 0x7f454c46); // "\x7fELF", the only field in big-endian order
  view.setUint8(4, 2); // ELFCLASS64
  view.setUint8(5, 1); // ELFDATA2LSB
  view.setUint8(6, 1); // EV_CURRENT
  view.setUint16(16, 2, true); // e_type: ET_EXEC
  view.setUint16(18, machine, true);
  view.setUint32(20, 1, true); // e_version
  view.setUint32(24, baseAddress + ELF_HEADER_BYTES, true); // e_entry
  view.setUint32(32, FILE_HEADER_BYTES, true); // e_phoff
  view.setUint16(52, FILE_HEADER_BYTES, true); // e_ehsize
  view.setUint16(54, PROGRAM_HEADER_BYTES, true); // e_phentsize
  view.setUint16(56, PROGRAM_HEADERS, true); // e_phnum
}

/** `Elf64_Phdr`. Every segment starts at offset 0 of the file, which is congruent to every page address. */
function writeSegment(
  view: DataView,
  index: number,
  type: number,
  flags: number,
  address: number,
  fileBytes: number,
  memoryBytes: number,
  alignment: number,
): void {
  const offset = FILE_HEADER_BYTES + index * PROGRAM_HEADER_BYTES;
  view.setUint32(offset, type, true);
  view.setUint32(offset + 4, flags, true);
  view.setUint32(offset + 16, address, true); // p_vaddr
  view.setUint32(offset + 24, address, true); // p_paddr
  view.setUint32(offset + 32, fileBytes, true); // p_filesz
  view.setUint32(offset + 40, memoryBytes, true); // p_memsz
  view.setUint32(offset + 48, alignment, true); // p_align
}

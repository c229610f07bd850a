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

interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
  readonly alignment: number;
}

/** The bytes of the file. */
export function encodeElf(parts: ElfParts): Uint8Array {
  const file = new Uint8Array(ELF_HEADER_BYTES + parts.body.length);
  const view = new DataView(file.buffer);
  writeFileHeader(view, parts);
  for (const [index, segment] of segmentsOf(parts, file.length).entries()) {
    writeSegment(view, FILE_HEADER_BYTES + index * PROGRAM_HEADER_BYTES, segment);
  }
  file.set(parts.body, ELF_HEADER_BYTES);
  return file;
}

// --- internal ---

function segmentsOf({ baseAddress, pageBytes, writable }: ElfParts, fileBytes: number): Segment[] {
  return [
    {
      type: PT_LOAD,
      flags: PF.read | PF.execute,
      address: baseAddress,
      fileBytes,
      memoryBytes: fileBytes,
      alignment: pageBytes,
    },
    {
      type: PT_LOAD,
      flags: PF.read | PF.write,
      address: writable.address,
      fileBytes: 0,
      memoryBytes: writable.sizeBytes,
      alignment: pageBytes,
    },
    // Without this header the kernel makes the stack executable (execstack(8)).
    { type: PT_GNU_STACK, flags: PF.read | PF.write, address: 0, fileBytes: 0, memoryBytes: 0, alignment: 16 },
  ];
}

/** `Elf64_Ehdr`; what is not written stays 0. */
function writeFileHeader(view: DataView, { machine, baseAddress }: ElfParts): void {
  view.setUint32(0, 0x7f454c46); // "\x7fELF", the only field in big-endian order
  view.setUint8(4, 2); // ELFCLASS64
  view.setUint8(5, 1); // ELFDATA2LSB
  view.setUint8(6, 1); // EV_CURRENT
  view.setUint16(16, 2, true); // e_type: ET_EXEC
  view.setUint16(18, machine, true);
  view.setUint32(20, 1, true); // e_version
  view.setBigUint64(24, BigInt(baseAddress + ELF_HEADER_BYTES), true); // e_entry
  view.setBigUint64(32, BigInt(FILE_HEADER_BYTES), true); // e_phoff
  view.setUint16(52, FILE_HEADER_BYTES, true); // e_ehsize
  view.setUint16(54, PROGRAM_HEADER_BYTES, true); // e_phentsize
  view.setUint16(56, PROGRAM_HEADERS, true); // e_phnum
}

/** `Elf64_Phdr`. Every segment starts at offset 0 of the file, which is congruent to every page address. */
function writeSegment(view: DataView, offset: number, segment: Segment): void {
  view.setUint32(offset, segment.type, true);
  view.setUint32(offset + 4, segment.flags, true);
  view.setBigUint64(offset + 16, BigInt(segment.address), true); // p_vaddr
  view.setBigUint64(offset + 24, BigInt(segment.address), true); // p_paddr
  view.setBigUint64(offset + 32, BigInt(segment.fileBytes), true);
  view.setBigUint64(offset + 40, BigInt(segment.memoryBytes), true);
  view.setBigUint64(offset + 48, BigInt(segment.alignment), true);
}

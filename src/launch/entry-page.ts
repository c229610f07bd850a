/**
 * Memory for the clone: the entry routine in a page that is only executable, its block and stack in pages that are only writable.
 *
 * Made once for each routine and kept: a clone with CLONE_VM borrows it for the time until the child has been executed, and
 * the calling thread sleeps that long, so it is never used twice at once.
 * @module
 */
import { type Pointer, toArrayBuffer } from "bun:ffi";
import type { Slot } from "../ir/op.ts";
import { ENTRY_SLOTS } from "../launcher/entry.ts";
import { arch, mustCall } from "./libc.ts";
import { PREBUILT } from "./prebuilt.ts";

const PAGE_BYTES = 4096;
const CODE_PAGES = 1;
const DATA_PAGES = 3;
const PROT_READ = 1;
const PROT_WRITE = 2;
const PROT_EXEC = 4;
const MAP_PRIVATE_ANONYMOUS = 0x22;

export interface EntryPage {
  readonly code: number;
  readonly block: number;
  /** The top: stacks grow down. The entry routine uses none, but libc's clone puts two words there. */
  readonly stack: number;
  /** The words of the block, by slot. */
  write(slot: Slot, value: number): void;
  read(slot: Slot): number;
}

const map = (): { readonly code: number; readonly memory: ArrayBuffer } => {
  const bytes = (CODE_PAGES + DATA_PAGES) * PAGE_BYTES;
  const code = mustCall("mmap()", "mmap", 0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
  return { code, memory: toArrayBuffer(code as Pointer, 0, bytes) };
};

const create = (ambient: boolean): EntryPage => {
  const { code, memory } = map();
  new Uint8Array(memory).set(ambient ? PREBUILT[arch].entryAmbient() : PREBUILT[arch].entry());
  mustCall("mprotect(PROT_EXEC)", "mprotect", code, CODE_PAGES * PAGE_BYTES, PROT_READ | PROT_EXEC);
  const words = new BigInt64Array(memory, CODE_PAGES * PAGE_BYTES);
  const indexOf = ({ name }: Slot): number => ENTRY_SLOTS.findIndex((slot) => slot.name === name);
  return {
    code,
    block: code + CODE_PAGES * PAGE_BYTES,
    stack: code + (CODE_PAGES + DATA_PAGES) * PAGE_BYTES,
    write: (slot, value) => {
      words[indexOf(slot)] = BigInt(value);
    },
    read: (slot) => Number(words[indexOf(slot)]),
  };
};

const pages = new Map<boolean, EntryPage>();

export const entryPage = (ambient: boolean): EntryPage => {
  const page = pages.get(ambient) ?? create(ambient);
  pages.set(ambient, page);
  return page;
};

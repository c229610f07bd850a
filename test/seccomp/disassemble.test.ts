import { expect, test } from "bun:test";
import { decodeInstructions } from "../../src/seccomp/instruction.ts";
import { listing } from "../support/seccomp.ts";

const fromHex = (hex: string): string =>
  listing(decodeInstructions(Uint8Array.fromHex(hex.replaceAll(/\s/g, ""))) ?? []);

test("a filter of another compiler is named as far as its words are known", () => {
  // libseccomp's way: arch, x32, a number, an argument that is masked.
  expect(
    fromHex(`
      2000000004000000 150000063e0000c0 2000000000000000 3500000100000040 15000003ffffffff
      1500000238000000 2000000010000000 5400000000000210 0600000000000000 060000000000ff7f`),
  ).toMatchInlineSnapshot(`
    "0000 ld   [4]                      arch
    0001 jeq  #0xc000003e, 0002, 0008  x86_64
    0002 ld   [0]                      syscall
    0003 jge  #0x40000000, 0004, 0005
    0004 jeq  #0xffffffff, 0005, 0008
    0005 jeq  #0x38, 0006, 0008        clone
    0006 ld   [16]                     arg0
    0007 and  #0x10020000
    0008 ret  0                        kill thread
    0009 ret  0x7fff0000               allow"
  `);
});

test("every instruction has a name, and what is none is shown as a question", () => {
  expect(
    fromHex(`
      0000000005000000 8000000000000000 0100000001000000 6000000003000000 0200000003000000 0300000004000000
      0c00000000000000 1400000001000000 8400000000000000 0700000000000000 8700000000000000 1d00010200000000
      4500000000000080 0500000001000000 ff00000000000000 1600000000000000`),
  ).toMatchInlineSnapshot(`
    "0000 ld   #5
    0001 ld   #len
    0002 ldx  #1
    0003 ld   M[3]
    0004 st   M[3]
    0005 stx  M[4]
    0006 add  x
    0007 sub  #1
    0008 neg
    0009 tax
    0010 txa
    0011 jeq  x, 0013, 0014
    0012 jset #0x80000000, 0013, 0013
    0013 ja   0015
    0014 ?
    0015 ret  a"
  `);
});

test("a word is not named where two ways bring different ones", () => {
  expect(
    fromHex("2000000000000000 1500010005000000 2000000004000000 150000003e0000c0 0600000000000000"),
  ).toMatchInlineSnapshot(`
    "0000 ld   [0]                      syscall
    0001 jeq  #5, 0003, 0002           fstat
    0002 ld   [4]                      arch
    0003 jeq  #0xc000003e, 0004, 0004
    0004 ret  0                        kill thread"
  `);
});

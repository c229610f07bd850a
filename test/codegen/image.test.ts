import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { assemble } from "../../src/codegen/image.ts";
import type { Arithmetic, Comparison, Op, Operand, Static, Width } from "../../src/ir/op.ts";
import type { Program } from "../../src/ir/program.ts";
import type { Arch } from "../../src/linux/syscalls.ts";
import { ARCHES, call, emulatorOf, exit, IGNORE, image, label, run, runRoutine, say, set, slot, text } from "./run.ts";

interface Case {
  readonly does: string;
  readonly program: Program;
  readonly args?: readonly string[];
  readonly stdout?: string;
  readonly exitCode?: number;
}

const branch = (left: Operand, comparison: Comparison, right: Operand, to: string): Op => ({
  kind: "branch",
  left,
  comparison,
  right,
  to,
});

const compute = (into: string, left: Operand, operation: Arithmetic, right: Operand): Op => ({
  kind: "compute",
  operation,
  into: slot(into),
  left,
  right,
});

const load = (into: string, base: Operand, offsetBytes: number, width: Width, signed = false): Op => ({
  kind: "load",
  into: slot(into),
  base,
  offsetBytes,
  width,
  signed,
});

const store = (base: Operand, offsetBytes: number, width: Width, value: Operand): Op => ({
  kind: "store",
  base,
  offsetBytes,
  width,
  value,
});

const buffer = (name: string, sizeBytes: number): Operand => ({ kind: "buffer", name, sizeBytes });

const address = (name: string): Operand => ({ kind: "slotAddress", slot: name });

/** Prints "yes" if the comparison holds. */
const check = (left: Operand, comparison: Comparison, right: Operand): Op[] => {
  const to = crypto.randomUUID();
  return [branch(left, comparison, right, to), say("no "), exit(1), label(to), say("yes ")];
};

const ORIGIN = { plugin: "test", phase: "test", sentence: "" };

/** Calls enough for every branch to need its longest form: 32 KiB and more on arm64. */
const LOOPS = 5000;

const CASES: readonly Case[] = [
  { does: "writes and exits", program: image(say("hello\n"), exit(7)), stdout: "hello\n", exitCode: 7 },
  {
    does: "writes UTF-8 and empty texts",
    program: image(
      call("write", [1, text("naïve 𝄞 one"), 15]),
      call("write", [1, text("one"), 4]),
      call("write", [1, text(""), 1]),
      call("write", [1, text("𝄞 one"), 8]),
    ),
    stdout: "naïve 𝄞 oneone\0\0𝄞 one",
  },
  {
    does: "writes paths with and without a slash in front",
    program: image(
      call("write", [1, text("//a/b"), 6]),
      call("write", [1, text("a/b"), 4]),
      call("write", [1, text("/a/b"), 5]),
      call("write", [1, text("b"), 2]),
    ),
    stdout: "//a/b\0a/b\0/a/b\0b\0",
  },
  {
    does: "writes bytes and vectors of everything",
    program: image(
      set("word", 0x21n),
      call("write", [1, { kind: "bytes", bytes: Uint8Array.of(65, 66, 67) }, 3]),
      call("writev", [
        1,
        {
          kind: "vector",
          items: [
            { kind: "text", text: "vector" },
            6,
            { kind: "slotAddress", slot: "word" },
            { kind: "constant", value: 1n, text: "one" },
          ],
        },
        2,
      ]),
    ),
    stdout: "ABCvector!",
  },
  {
    does: "loops with a signed comparison",
    program: image(
      set("n", -3),
      label("again"),
      say("."),
      compute("n", slot("n"), "add", 1),
      branch(slot("n"), "less", 0, "again"),
    ),
    stdout: "...",
  },
  {
    does: "compares with every comparison, signed",
    program: image(
      ...check(-1, "less", 0),
      ...check(0, "equal", 0n),
      ...check(5, "notEqual", 0xffff_ffff_0000_0005n),
      ...check(1n << 62n, "greater", -1n),
      ...check(-2, "lessOrEqual", -2),
      ...check(-2, "greaterOrEqual", -(1n << 63n)),
    ),
    stdout: "yes yes yes yes yes yes ",
  },
  {
    does: "falls through a comparison that does not hold",
    program: image(branch(0, "less", -1, "failed"), branch(0, "equal", 1, "failed"), branch(0, "greater", 0, "failed")),
    exitCode: 0,
  },
  {
    does: "loads what it stored, in every width, zero- and sign-extended",
    program: image(
      store(buffer("b", 64), 8, 8, 0x8182_8384_8586_8788n),
      set("at", buffer("b", 64)),
      load("u1", slot("at"), 8, 1),
      load("u2", slot("at"), 9, 2),
      load("u4", slot("at"), 11, 4),
      load("u8", buffer("b", 64), 8, 8),
      load("s1", slot("at"), 8, 1, true),
      load("s2", slot("at"), 9, 2, true),
      load("s4", slot("at"), 11, 4, true),
      load("s8", slot("at"), 8, 8, true),
      ...check(slot("u1"), "equal", 0x88),
      ...check(slot("u2"), "equal", 0x8687),
      ...check(slot("u4"), "equal", 0x82838485n),
      ...check(slot("u8"), "equal", 0x8182_8384_8586_8788n),
      ...check(slot("s1"), "equal", -0x78),
      ...check(slot("s2"), "equal", -0x7979),
      ...check(slot("s4"), "equal", -0x7d7c7b7bn),
      ...check(slot("s8"), "equal", 0x8182_8384_8586_8788n),
    ),
    stdout: "yes ".repeat(8),
  },
  {
    does: "stores narrow values without touching their neighbours, and the zero register",
    program: image(
      set("word", -1),
      store(address("word"), 1, 1, 0),
      store(address("word"), 2, 2, 0x1234),
      store(address("word"), 4, 4, 0),
      ...check(slot("word"), "equal", 0x1234_00ff),
      store(address("word"), 0, 8, slot("zero")),
      ...check(slot("word"), "equal", 0),
    ),
    stdout: "yes yes ",
  },
  {
    does: "reaches behind a base and far from it",
    program: image(
      set("end", buffer("large", 70_000)),
      compute("end", slot("end"), "add", 69_000),
      store(slot("end"), -65_000, 4, 42),
      load("x", buffer("large", 70_000), 4_000, 4),
      ...check(slot("x"), "equal", 42),
      store(buffer("behind", 16), 3, 4, 43),
      load("y", buffer("behind", 16), 3, 4),
      ...check(slot("y"), "equal", 43),
    ),
    stdout: "yes yes ",
  },
  {
    does: "keeps a hundred slots apart",
    program: image(
      ...Array.from({ length: 100 }, (_, n) => set(`s${n}`, n * 1000)),
      set("sum", 0),
      ...Array.from({ length: 100 }, (_, n) => compute("sum", slot("sum"), "add", slot(`s${n}`))),
      ...check(slot("sum"), "equal", 4_950_000),
    ),
    stdout: "yes ",
  },
  {
    does: "passes all six arguments",
    program: image(
      call("mmap", [0, 8192, 3, 0x22, -1, 0], { kind: "fail" }, slot("pages")),
      store(slot("pages"), 4096, 1, 0x2a),
      call("write", [1, slot("pages"), 0]),
      load("x", slot("pages"), 4096, 1),
      ...check(slot("x"), "equal", 0x2a),
    ),
    stdout: "yes ",
  },
  {
    does: "finds argc and argv behind the stack slot",
    program: image(
      load("argc", slot("stack"), 0, 8),
      load("argv1", slot("stack"), 16, 8),
      call("write", [1, slot("argv1"), 5]),
      exit(slot("argc")),
    ),
    args: ["first"],
    stdout: "first",
    exitCode: 2,
  },
  { does: "fails with the errno", program: image(call("close", [77])), exitCode: 109 },
  {
    does: "fails with the index of the call",
    program: image(
      say("a"),
      branch(slot("failedErrno"), "notEqual", 0, "second"),
      say("b"),
      call("fchdir", [77]),
      label("second"),
      exit(99),
      label("failed again"),
    ),
    stdout: "ab",
    exitCode: 109,
  },
  {
    does: "fails without a call, with an errno from a slot",
    program: image(set("errno", 13), { kind: "fail", errno: slot("errno"), origin: ORIGIN }),
    exitCode: 113,
  },
  {
    does: "ignores only the named errnos",
    program: image(
      call("close", [77], { kind: "ignore", errnos: ["EPERM", "EBADF"] }, slot("result")),
      ...check(slot("result"), "equal", -9),
      call("close", [77], { kind: "ignore", errnos: ["EPERM", "EHWPOISON"] }),
    ),
    stdout: "yes ",
    exitCode: 109,
  },
  {
    does: "ignores every errno where none is named",
    program: image(call("close", [77], IGNORE, slot("result")), ...check(slot("result"), "equal", -9)),
    stdout: "yes ",
  },
  {
    does: "branches on a named errno, with the negative errno as result",
    program: image(
      call("close", [77], { kind: "branch", errnos: ["EINVAL", "EBADF"], to: "bad" }, slot("result")),
      exit(1),
      label("bad"),
      ...check(slot("result"), "equal", -9),
      call("close", [77], { kind: "branch", errnos: ["EINVAL"], to: "bad" }),
    ),
    stdout: "yes ",
    exitCode: 109,
  },
  {
    does: "branches on every errno where none is named, and not on success",
    program: image(
      call("getpid", [], { kind: "branch", errnos: [], to: "bad" }),
      call("close", [77], { kind: "branch", errnos: [], to: "good" }),
      label("bad"),
      exit(1),
      label("good"),
    ),
  },
  {
    does: "keeps the arguments of one call apart from what the last one left",
    program: image(
      ...check(5, "equal", 5),
      call("getpid", [], IGNORE),
      ...check(slot("five"), "notEqual", 5),
      call("write", [1, text("xyz"), 1]),
      call("write", [1, text("xyz"), 1]),
      compute("q", 7, "divide", 2),
      call("write", [1, text("xyz"), slot("q")]),
      compute("q", 1, "divide", 1),
      call("write", [1, text("xyz"), 1]),
    ),
    stdout: "yes yes xxxyzx",
  },
  {
    does: "jumps farther than short branches reach",
    program: image(
      { kind: "jump", to: "far" },
      label("near"),
      say("near"),
      exit(3),
      ...Array.from({ length: LOOPS }, (_, n) => call("close", [n], { kind: "fail" })),
      label("far"),
      call("close", [1000], { kind: "branch", errnos: [], to: "near" }),
    ),
    stdout: "near",
    exitCode: 3,
  },
  {
    does: "fails in a call that is far from the ladder",
    program: image(call("close", [77]), ...Array.from({ length: LOOPS }, () => call("getpid", [])), exit(0)),
    exitCode: 109,
  },
  {
    does: "runs a child in its own memory",
    // CLONE_VM | CLONE_VFORK | SIGCHLD, without a stack: the child shares ours, and must not have changed it.
    program: image(
      call("clone", [0x4111, 0, 0, 0, 0], { kind: "fail" }, slot("pid")),
      branch(slot("pid"), "notEqual", 0, "parent"),
      set("shared", 42),
      call("close", [77], { kind: "branch", errnos: [], to: "leave" }),
      label("leave"),
      call("exit", [5], IGNORE),
      label("parent"),
      call("wait4", [slot("pid"), address("status"), 0, 0]),
      ...check(slot("status"), "equal", 0x500),
      exit(slot("shared")),
    ),
    stdout: "yes ",
    exitCode: 42,
  },
];

/** Fails in its third operation, and then prints its whole block. */
const ROUTINE: Program = {
  shape: "routine",
  slots: [slot("answer"), slot("failedOp"), slot("failedErrno")],
  onFail: "failed",
  ops: [
    set("answer", 42),
    call("getpid", []),
    call("close", [77]),
    label("failed"),
    compute("failedOp", slot("failedOp"), "subtract", 2),
    call("write", [1, address("answer"), 24], IGNORE),
    exit(2),
  ],
};

/** qemu's user mode runs vfork as fork, so the child has a copy of memory. */
const NOT_UNDER_QEMU = new Set(["runs a child in its own memory"]);

for (const arch of ARCHES) {
  const emulator = emulatorOf(arch);
  const emulated = "command" in emulator && emulator.command.length > 0;
  const title = "missing" in emulator ? `${arch} (skipped: ${emulator.missing})` : arch;

  describe.skipIf("missing" in emulator)(`an image on ${title}`, () => {
    for (const { does, program, args, stdout = "", exitCode = 0 } of CASES) {
      const skipped = emulated && NOT_UNDER_QEMU.has(does);
      test.skipIf(skipped)(skipped ? `${does} (skipped: qemu's user mode has no vfork)` : does, () => {
        const result = run(program, arch, args);
        expect({ ...result, stdout: result.stdout.toString() }).toEqual({ exitCode, signal: undefined, stdout });
      });
    }

    test("reports the index of every call that can fail", () => {
      for (const index of [0, 1, 2, 130, 300]) expect(failedOpOf(arch, index)).toBe(BigInt(index));
    });

    test("is called as a routine with a block of slots", () => {
      const { stdout, exitCode } = runRoutine(ROUTINE, arch);
      expect([...new BigUint64Array(stdout.slice().buffer)]).toEqual([42n, 0n, 9n]);
      expect(exitCode).toBe(2);
    });

    test("calculates as BigInt does", () => {
      fc.assert(
        fc.property(fc.array(fc.tuple(OPERATION, WORD, WORD), { minLength: 1, maxLength: 200 }), (sums) => {
          expect(calculate(arch, sums)).toEqual(sums.map(([operation, left, right]) => model(operation, left, right)));
        }),
        { numRuns: 10 },
      );
    });
  });
}

describe("assembling", () => {
  test("needs a label for every jump", () => {
    expect(() => assemble(image({ kind: "jump", to: "nowhere" }), "x64")).toThrow("nowhere");
  });

  test("keeps vectors apart whose texts look like the listing of another", () => {
    const vector = (...items: readonly Static[]): Static => ({ kind: "vector", items });
    const [left, right] = [vector(vector(text("x]"), text("y"))), vector(vector(text("x]")), text("y"))];
    const sizeOf = (...vectors: readonly Static[]) =>
      assemble(image(...vectors.map((each) => call("writev", [1, each, 0]))), "arm64").length;
    // Two calls of one vector share its words; two vectors do not.
    expect(sizeOf(left, right)).toBeGreaterThan(sizeOf(left, left));
  });

  test("knows nothing of data in a routine", () => {
    const program: Program = { ...image(say("x")), shape: "routine" };
    expect(() => assemble(program, "x64")).toThrow("read-only data");
    expect(() => assemble({ ...program, ops: [call("read", [0, buffer("b", 1), 1])] }, "x64")).toThrow("buffers");
    expect(() => assemble({ ...program, ops: [set("x", 1)] }, "x64")).toThrow("lists its slots");
  });

  test("needs one label per name", () => {
    expect(() => assemble(image(label("twice"), label("twice")), "x64")).toThrow("twice");
  });

  test.each([-(2n ** 63n) - 1n, 2n ** 64n])("rejects the constant %p, which has more than 64 bits", (value) => {
    expect(() => assemble(image(set("x", value)), "arm64")).toThrow("64 bits");
  });

  test.each(["a\0b", "\ud800"])("rejects the text %j", (value) => {
    expect(() => assemble(image(call("write", [1, text(value), 1])), "x64")).toThrow("a text");
  });

  test("rejects a buffer of two sizes", () => {
    expect(() =>
      assemble(image(call("read", [0, buffer("b", 8), 8]), call("read", [0, buffer("b", 9), 9])), "x64"),
    ).toThrow("one size");
  });
});

// --- helpers ---

/** What an image of `index` harmless calls and a failing one finds in `failedOp`. */
function failedOpOf(arch: Arch, index: number): bigint {
  const program: Program = {
    shape: "image",
    slots: [],
    onFail: "failed",
    ops: [
      ...Array.from({ length: index }, (_, n) => (n % 3 === 0 ? set("x", n) : call("getpid", []))),
      call("close", [77]),
      label("failed"),
      call("write", [1, address("failedOp"), 8], IGNORE),
      exit(0),
    ],
  };
  return new BigUint64Array(run(program, arch).stdout.slice().buffer)[0] ?? -1n;
}

type Sum = readonly [operation: Arithmetic, left: bigint, right: bigint];

const OPERATION = fc.constantFrom<Arithmetic>(
  "add",
  "subtract",
  "and",
  "or",
  "shiftLeft",
  "shiftRight",
  "divide",
  "remainder",
);

/** Words near the limits of every encoding, and any others. */
const WORD = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc
    .tuple(fc.constantFrom(0n, 7n, 8n, 12n, 15n, 16n, 31n, 32n, 48n, 63n), fc.bigInt({ min: -2n, max: 2n }))
    .map(([bits, distance]) => (1n << bits) + distance),
  fc.bigInt({ min: -200n, max: 200n }),
);

/** What the machine does, in arbitrary precision. Shift counts and divisors are brought into their range first. */
function model(operation: Arithmetic, left: bigint, right: bigint): bigint {
  const a = BigInt.asUintN(64, left);
  const b = usable(operation, right);
  const results: Record<Arithmetic, () => bigint> = {
    add: () => a + b,
    subtract: () => a - b,
    and: () => a & b,
    or: () => a | b,
    shiftLeft: () => a << b,
    shiftRight: () => a >> b,
    divide: () => a / b,
    remainder: () => a % b,
  };
  return BigInt.asUintN(64, results[operation]());
}

function usable(operation: Arithmetic, right: bigint): bigint {
  const word = BigInt.asUintN(64, right);
  if (operation.startsWith("shift")) return word & 63n;
  return operation === "divide" || operation === "remainder" ? word || 1n : word;
}

/** All sums in one image; every other one has its operands in slots. */
function calculate(arch: Arch, sums: readonly Sum[]): bigint[] {
  const results = buffer("results", sums.length * 8);
  const ops = sums.flatMap(([operation, left, right], index): Op[] => {
    const [a, b] = [left, usable(operation, right)];
    const sum = index % 2 === 0 ? [compute("r", a, operation, b)] : [];
    if (sum.length === 0) sum.push(set("a", a), set("b", b), compute("r", slot("a"), operation, slot("b")));
    return [...sum, store(results, index * 8, 8, slot("r"))];
  });
  const { stdout } = run(image(...ops, call("write", [1, results, sums.length * 8])), arch);
  return [...new BigUint64Array(stdout.slice().buffer)];
}

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attachFront } from "../../build/front.ts";
import { assemble } from "../../src/codegen/image.ts";
import { load } from "../../src/ir/build.ts";
import { MACHINE_SLOTS } from "../../src/ir/program.ts";
import { ARCHES, call, emulatorOf, exit, image, slot } from "../codegen/run.ts";

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "bunker-test-front-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

const PT_NOTE = 4;
/** Of our images, the header that says how the stack is: behind two segments. */
const LAST_HEADER = 64 + 2 * 56;

/** A program behind a front: it prints its third argument and exits with its number of arguments. */
const behind = (arch: (typeof ARCHES)[number], name: string): string => {
  const [count, word] = [slot("count"), slot("word")];
  const program = image(
    load(count, MACHINE_SLOTS.stack, 0, 8),
    load(word, MACHINE_SLOTS.stack, 24, 8),
    call("write", [1, word, 3]),
    exit(count),
  );
  const bytes = assemble(program, arch);
  new DataView(bytes.buffer).setUint32(LAST_HEADER, PT_NOTE, true);
  const path = join(directory, name);
  writeFileSync(path, bytes);
  chmodSync(path, 0o700);
  return path;
};

for (const arch of ARCHES) {
  const emulator = emulatorOf(arch);
  const title = `a front on ${arch}`;
  if ("missing" in emulator) test.skip(`${title}: ${emulator.missing}`, () => {});
  else
    describe(title, () => {
      test.each([[["run", "one", "two"]], [["run", "one"]], [["explain", "one"]]])(
        "lets the program behind it start as if it were not there: %p",
        (args) => {
          const path = behind(arch, `behind-${arch}-${args.length}-${args[0]}`);
          attachFront(path);
          const { exitCode, stdout } = Bun.spawnSync([...emulator.command, path, ...args], { env: {} });
          expect([exitCode, stdout.toString()]).toEqual([args.length + 1, "one"]);
        },
      );

      test("is put in front once", () => {
        const path = behind(arch, `twice-${arch}`);
        attachFront(path);
        const once = readFileSync(path);
        expect(() => attachFront(path)).toThrow("has a front already");
        expect(readFileSync(path).equals(once)).toBe(true);
      });
    });
}

test.each([
  ["not an executable", Buffer.alloc(4096)],
  ["cut short", Buffer.alloc(10)],
])("a file that is %s gets none", (reason, bytes) => {
  const path = join(directory, reason.replaceAll(" ", "-"));
  writeFileSync(path, bytes);
  expect(() => attachFront(path)).toThrow(reason);
  expect(readFileSync(path).equals(bytes)).toBe(true);
});

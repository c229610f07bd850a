/**
 * Layers as the kernel leaves them, made by hand: what a payload cannot make, and what it could exaggerate.
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHANGES_MAX, findChanges } from "../../src/launch/changes.ts";
import { openPlace } from "../../src/launch/fd.ts";

let top = "";
const at = (name: string): string => join(top, name);

const changesOf = () => {
  using lower = openPlace(at("lower"));
  using upper = openPlace(at("upper"));
  return findChanges([{ target: "/w", lower, upper }]);
};

const lines = (): readonly string[] => changesOf().changes.map(({ kind, path, node }) => `${kind} ${node} ${path}`);

const write = (path: string, text = ""): void => {
  mkdirSync(join(at(path), ".."), { recursive: true });
  writeFileSync(at(path), text);
};

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "bunker-changes-"));
  for (const name of ["lower", "upper"]) mkdirSync(at(name));
});

afterEach(() => rmSync(top, { recursive: true }));

const isRoot = process.getuid?.() === 0;
const asRoot = isRoot ? test : test.skip;
/** A device is root's to make; everybody else has its overlay make them. */
const whiteout = (path: string): void => {
  mkdirSync(join(at(path), ".."), { recursive: true });
  Bun.spawnSync(["mknod", at(path), "c", "0", "0"]);
};

describe("changes", () => {
  test("are none of an empty upper directory", () => {
    write("lower/a", "x");
    expect(changesOf()).toEqual({ changes: [], truncated: false });
  });

  test("are of every kind of node", () => {
    for (const name of ["same", "other", "mode"]) write(`lower/${name}`, "12345");
    write("upper/same", "12345");
    write("upper/other", "12346");
    write("upper/mode", "12345");
    chmodSync(at("upper/mode"), 0o700);
    write("upper/new/deep", "");
    symlinkSync("a", at("lower/link"));
    symlinkSync("b", at("upper/link"));
    expect(lines()).toEqual([
      "modified link /w/link",
      "modified file /w/mode",
      "added directory /w/new",
      "added file /w/new/deep",
      "modified file /w/other",
    ]);
  });

  asRoot("are removals by the marks of the kernel, and not of what was never there", () => {
    write("lower/a");
    write("lower/dir/b");
    whiteout("upper/a");
    whiteout("upper/dir");
    whiteout("upper/none");
    expect(lines()).toEqual(["deleted file /w/a", "deleted directory /w/dir"]);
  });

  asRoot("are not removals by any other device", () => {
    write("lower/a");
    Bun.spawnSync(["mknod", at("upper/a"), "c", "1", "3"]);
    expect(lines()).toEqual(["deleted file /w/a", "added other /w/a"]);
  });

  test("are in an opaque directory all that it does not have", () => {
    for (const name of ["kept", "gone", "deep/x"]) write(`lower/dir/${name}`, "x");
    write("upper/dir/kept", "x");
    const opaque = (value: string) =>
      Bun.spawnSync([
        "python3",
        "-c",
        `import os; os.setxattr("${at("upper/dir")}", "user.overlay.opaque", b"${value}")`,
      ]);
    expect(lines()).toEqual([]);
    expect(opaque("y").exitCode).toBe(0);
    expect(lines()).toEqual(["deleted directory /w/dir/deep", "deleted file /w/dir/gone"]);
    opaque("n");
    expect(lines()).toEqual([]);
  });

  test("follow no link of either side", () => {
    write("lower/dir/a", "x");
    mkdirSync(at("outside"));
    write("outside/a", "other");
    symlinkSync("../outside", at("upper/dir"));
    expect(lines()).toEqual(["deleted directory /w/dir", "added link /w/dir"]);
    rmSync(at("upper/dir"));
    rmSync(at("lower/dir"), { recursive: true });
    symlinkSync("../outside", at("lower/dir"));
    write("upper/dir/a", "x");
    expect(lines()).toEqual(["deleted link /w/dir", "added directory /w/dir", "added file /w/dir/a"]);
  });

  test("have names of any bytes", () => {
    const name = Buffer.concat([Buffer.from(`${at("upper")}/x`), Uint8Array.of(0xff, 0x0a)]);
    writeFileSync(name, "");
    expect(lines()).toEqual(["added file /w/x\u{fffd}\n"]);
  });

  test("are not listed without end", () => {
    mkdirSync(at("upper/many"));
    Bun.spawnSync(["sh", "-c", `cd ${at("upper/many")} && seq ${CHANGES_MAX + 10} | xargs touch`]);
    const { changes, truncated } = changesOf();
    expect([changes.length, truncated]).toEqual([CHANGES_MAX, true]);
  });
});

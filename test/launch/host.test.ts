import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost } from "../../src/launch/host.ts";

const host = createHost();
let scratch = "";
const at = (name: string): string => join(scratch, name);

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "bunker-host-"));
  writeFileSync(at("file"), "grüße");
  symlinkSync("file", at("link"));
  symlinkSync("nowhere", at("dangling"));
  Bun.spawnSync(["mkfifo", at("fifo")]);
});

afterAll(() => rmSync(scratch, { recursive: true }));

describe("the type of a path", () => {
  test.each([
    ["file", "file", "file"],
    ["link", "file", "symlink"],
    ["dangling", "missing", "symlink"],
    ["fifo", "other", "other"],
    ["none", "missing", "missing"],
    ["file/below", "missing", "missing"],
    [".", "directory", "directory"],
    ["../../../../../../dev/null", "device", "device"],
  ] as const)("of %s is %s, and %s where links are not followed", (name, followed, itself) => {
    expect([host.nodeType(at(name)), host.nodeType(at(name), { follow: false })]).toEqual([followed, itself]);
  });
});

describe("a directory", () => {
  test("is listed by name, with types, links not followed", () => {
    expect(host.list(scratch)).toEqual([
      { name: "dangling", type: "symlink" },
      { name: "fifo", type: "other" },
      { name: "file", type: "file" },
      { name: "link", type: "symlink" },
    ]);
    expect(host.list("/proc/self")?.find(({ name }) => name === "fd")?.type).toBe("directory");
  });

  test("may be empty, and large", () => {
    mkdirSync(at("empty"));
    expect(host.list(at("empty"))).toEqual([]);
    const names = Array.from({ length: 3000 }, (_, index) => `a-long-name-${String(index).padStart(5, "0")}`);
    for (const name of names) writeFileSync(`${at("empty")}/${name}`, "");
    expect(host.list(at("empty"))?.map(({ name }) => name)).toEqual(names);
    rmSync(at("empty"), { recursive: true });
  });

  test("is none where there is something else, or nothing", () => {
    for (const name of ["file", "dangling", "none", "fifo"]) expect(host.list(at(name))).toBeUndefined();
  });

  test("shows where a name is not UTF-8", () => {
    mkdirSync(at("odd"));
    writeFileSync(Buffer.concat([Buffer.from(`${at("odd")}/x`), Uint8Array.of(0xff)]), "");
    expect(host.list(at("odd"))).toEqual([{ name: "x\u{fffd}", type: "file" }]);
    rmSync(at("odd"), { recursive: true });
  });
});

describe("reading", () => {
  test("gives a whole text, or nothing where it is larger than allowed", () => {
    expect(host.readText(at("file"), 7)).toBe("grüße");
    expect(host.readText(at("file"), 6)).toBeUndefined();
  });

  test("gives the start of a file of any size", () => {
    expect(host.readStart(at("file"), 2)).toBe("gr");
    expect(host.readStart(at("file"), 100)).toBe("grüße");
  });

  test("gives nothing for what is not there or no regular file, and does not wait for a FIFO", () => {
    for (const name of ["none", ".", "fifo", "../../../../../../dev/zero"])
      expect(host.readText(at(name), 100)).toBeUndefined();
  });

  test("reads files of /proc, whose size is said to be 0", () => {
    expect(host.readText("/proc/self/status", 64 * 1024)).toContain("CapEff:");
  });
});

describe("reading in a directory that is to be a root", () => {
  const root = (): string => at("root");

  beforeAll(() => {
    mkdirSync(join(root(), "etc"), { recursive: true });
    mkdirSync(join(root(), "usr"));
    writeFileSync(join(root(), "usr/passwd"), "inside");
    writeFileSync(at("passwd"), "outside");
    symlinkSync("/usr/passwd", join(root(), "etc/absolute"));
    symlinkSync("../usr/passwd", join(root(), "etc/relative"));
    symlinkSync("../../../passwd", join(root(), "etc/up"));
    symlinkSync(at("passwd"), join(root(), "etc/host"));
    symlinkSync("/proc/self/root/etc/passwd", join(root(), "etc/proc"));
    symlinkSync(scratch, join(root(), "parent"));
    Bun.spawnSync(["mkfifo", join(root(), "etc/fifo")]);
  });

  test.each([["usr/passwd"], ["/usr/passwd"], ["etc/absolute"], ["etc/relative"], ["etc/../../../usr/passwd"]])(
    "finds %s there",
    (path) => {
      expect(host.readTextIn(root(), path, 6)).toBe("inside");
    },
  );

  test.each([
    ["etc/up"],
    ["etc/host"],
    ["etc/proc"],
    ["parent/passwd"],
    ["../passwd"],
    ["etc/fifo"],
    ["etc"],
    ["none"],
  ])("does not find %s, where a link leads out, or where there is no file", (path) => {
    expect(host.readTextIn(root(), path, 1000)).toBeUndefined();
  });

  test("reads no more than it was told, and nothing without a directory", () => {
    expect(host.readTextIn(root(), "usr/passwd", 5)).toBeUndefined();
    expect(host.readTextIn(at("none"), "usr/passwd", 6)).toBeUndefined();
    expect(host.readTextIn(at("file"), "usr/passwd", 6)).toBeUndefined();
  });

  test("never follows a magic link of /proc", () => {
    expect(host.readTextIn("/", "/proc/self/fd/0", 1000)).toBeUndefined();
    expect(host.readTextIn("/", "/proc/self/root/etc/hostname", 1000)).toBeUndefined();
  });
});

test("what everybody may read is told from what only some may", () => {
  chmodSync(at("file"), 0o644);
  expect(host.openToAll(at("file"))).toBe(true);
  chmodSync(at("file"), 0o640);
  expect(host.openToAll(at("file"))).toBe(false);
  expect(host.openToAll(at("none"))).toBe(false);
});

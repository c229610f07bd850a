import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { PATH_BYTES_MAX } from "../../../plugins/path.ts";
import { parseOverlay, parseTmpfs, parseVolume, TMPFS_BYTES, TMPFS_INODES } from "../../../plugins/rootfs/volumes.ts";

describe("volumes", () => {
  test.each([
    ["/a:/b", { source: "/a", target: "/b", readOnly: false, noexec: false, idmap: false }],
    ["./a:/b:ro", { source: "./a", target: "/b", readOnly: true, noexec: false, idmap: false }],
    ["..:/b/:rw,noexec", { source: "..", target: "/b", readOnly: false, noexec: true, idmap: false }],
    [".:/a//./b:noexec,ro", { source: ".", target: "/a/b", readOnly: true, noexec: true, idmap: false }],
    ["/a:/b:idmap", { source: "/a", target: "/b", readOnly: false, noexec: false, idmap: true }],
    ["/a:/run/app.sock", { source: "/a", target: "/run/app.sock", readOnly: false, noexec: false, idmap: false }],
  ])("%s", (text, volume) => {
    expect(parseVolume(text)).toEqual(volume);
  });

  test.each([
    ["/a", "SRC:DST"],
    ["/a:/b:ro:rw", "SRC:DST"],
    ["data:/b", "no named volumes"],
    ["~/a:/b", "no named volumes"],
    [":/b", "must start with /"],
    [".a:/b", "must start with /"],
    ["/a:b", "absolute path"],
    ["/a:/b/../c", "without `..`"],
    ["/a:", "absolute path"],
    ["/a:/b\0", "control characters"],
    ["/a\0:/b", "must start with /"],
    ["/a:/", "belongs to the sandbox"],
    ["/a://.", "belongs to the sandbox"],
    ["/a:/proc", "belongs to the sandbox"],
    ["/a:/proc/sys", "belongs to the sandbox"],
    ["/a:/dev", "belongs to the sandbox"],
    ["/a:/etc/", "belongs to the sandbox"],
    ["/a:/run", "belongs to the sandbox"],
    ["/a:/run/bunker/bun", "belongs to the sandbox"],
    ["/a:/b:", 'unknown option ""'],
    ["/a:/b:RO", 'unknown option "RO"'],
    ["/a:/b:z", 'unknown option "z"; allowed: ro, rw, noexec, idmap'],
    ["/a:/b:idmap=1", 'unknown option "idmap="'],
    ["/a:/b:ro,rw", "exclude each other"],
    ["/a:/b:ro,ro", "given twice"],
  ])("refuses %p", (text, problem) => {
    expect(parseVolume(text)).toContain(problem);
  });

  test("counts the length of both paths in bytes", () => {
    const path = `/${"é".repeat((PATH_BYTES_MAX - 1) / 2)}`;
    expect(parseVolume(`${path}:${path}`)).toBeObject();
    expect(parseVolume(`${path}x:/b`)).toContain("longer than");
    expect(parseVolume(`/a:${path}x`)).toContain("at most");
  });

  test("reads back every volume, and never a target outside of the sandbox", () => {
    const part = fc.stringMatching(/^[A-Za-z0-9_ é-]{1,8}$/);
    const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => `/x${parts.join("/")}`);
    fc.assert(
      fc.property(path, path, fc.boolean(), (source, target, readOnly) => {
        expect(parseVolume(`${source}:${target}:${readOnly ? "ro" : "rw"}`)).toMatchObject({
          source,
          target,
          readOnly,
        });
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        const volume = parseVolume(`/a:${text}`);
        expect(typeof volume === "string" || /^\/(?!\.\.\/)/.test(volume.target)).toBe(true);
      }),
    );
  });
});

describe("tmpfs", () => {
  const defaults = { sizeBytes: TMPFS_BYTES, inodes: TMPFS_INODES, mode: 0o1777, noexec: false };

  test.each([
    ["/a", { ...defaults, target: "/a" }],
    ["/run:size=1m", { ...defaults, target: "/run", sizeBytes: 1_048_576 }],
    [
      "/a:size=1.5k,mode=700,noexec,nr_inodes=5",
      { target: "/a", sizeBytes: 1536, inodes: 5, mode: 0o700, noexec: true },
    ],
    ["/a:mode=7777", { ...defaults, target: "/a", mode: 0o7777 }],
  ])("%s", (text, tmpfs) => {
    expect(parseTmpfs(text)).toEqual(tmpfs);
  });

  test.each([
    ["a", "absolute path"],
    ["/a:size=1m:ro", "DST:OPTIONS"],
    ["/dev/shm", "belongs to the sandbox"],
    ["/a:size", 'unknown option "size"'],
    ["/a:size=", "is no size"],
    ["/a:size=0", "too small"],
    ["/a:size=1m,size=2m", "given twice"],
    ["/a:mode=8", "must be octal"],
    ["/a:mode=17777", "must be octal"],
    ["/a:mode=", "must be octal"],
    ["/a:nr_inodes=0", "nr_inodes"],
    ["/a:nr_inodes=1000000000", "nr_inodes"],
    ["/a:uid=0", 'unknown option "uid="'],
  ])("refuses %p", (text, problem) => {
    expect(parseTmpfs(text)).toContain(problem);
  });
});

describe("overlays", () => {
  const defaults = { sizeBytes: TMPFS_BYTES, inodes: TMPFS_INODES, upper: undefined, noexec: false };

  test.each([
    ["/a:/b", { ...defaults, source: "/a", target: "/b" }],
    [".:/b/:noexec", { ...defaults, source: ".", target: "/b", noexec: true }],
    ["/a:/b:upper=../c", { ...defaults, source: "/a", target: "/b", upper: "../c" }],
    ["/a:/b:size=1m,nr_inodes=9", { ...defaults, source: "/a", target: "/b", sizeBytes: 1_048_576, inodes: 9 }],
  ])("%s", (text, overlay) => {
    expect(parseOverlay(text)).toEqual(overlay);
  });

  test.each([
    ["/a", "SRC:DST"],
    ["/a:/b:upper=/c:noexec", "SRC:DST"],
    ["a:/b", "must start with /"],
    ["/a:b", "absolute path"],
    ["/a:/proc/x", "belongs to the sandbox"],
    ["/a:/b:ro", 'unknown option "ro"; allowed: upper=, size=, nr_inodes=, noexec'],
    ["/a:/b:upper", 'unknown option "upper"'],
    ["/a:/b:upper=", "upper directory"],
    ["/a:/b:upper=c", 'the upper directory "c" must start with /'],
    ["/a:/b:upper=/c,upper=/d", "given twice"],
    ["/a:/b:upper=/c,size=1m", "limits of the memory"],
    ["/a:/b:upper=/c,nr_inodes=5", "limits of the memory"],
    ["/a:/b:size=0", "too small"],
    ["/a:/b:nr_inodes=0", "nr_inodes"],
  ])("refuses %p", (text, problem) => {
    expect(parseOverlay(text)).toContain(problem);
  });
});

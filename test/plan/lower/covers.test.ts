import { describe, expect, test } from "bun:test";
import { cover, entry } from "../../../src/api.ts";
import { layCovers } from "../../../src/plan/lower/covers.ts";
import { makeStaged } from "../../../src/plan/lower/stage.ts";
import { listing, mergedPlan, OWN_ROOT } from "../../support/lower.ts";

const PROC = entry({ target: "/proc", type: "filesystem", filesystem: "proc", options: "" });
const VOLUME = entry({ target: "/vol", type: "bind", source: "/host", node: "directory", readOnly: false });
const hidden = (target: string, optional: boolean, node: "file" | "directory" = "file") =>
  cover({ target, how: "hidden", node, optional });

const laid = (...args: Parameters<typeof mergedPlan>): string => listing(layCovers(mergedPlan(...args)));

describe("covers", () => {
  test("that must be there are laid one after the other, on the descriptor of the mount they lie on", () => {
    expect(laid(OWN_ROOT, VOLUME, hidden("/vol/a/.env", false))).toMatchInlineSnapshot(`
      "  next directory on the way = ["a/.", "a", 0]
      closed source /vol: next:
        way into it = u64 next directory on the way[0]
        if way into it == 0 goto closed source /vol: done
        way to it = u64 next directory on the way[8]
        next directory on the way = next directory on the way + 16
        covered = openat2(source /vol, way into it, HOW, 24)  or EACCES|ENOENT → closed source /vol: not entered
        close(covered)
        goto closed source /vol: next
      closed source /vol: not entered:
        covered = openat2(source /vol, way to it, HOW, 24)  or ENOENT → closed source /vol: next
        cover = empty directory
        if empty directory used == 0 goto closed source /vol: first
        cover = open_tree(empty directory, "", OPEN_TREE_CLONE|O_CLOEXEC|AT_EMPTY_PATH)
      closed source /vol: first:
        move_mount(cover, "", covered, "", F_EMPTY|T_EMPTY)
        if empty directory used == 0 goto closed source /vol: keep
        close(cover)
      closed source /vol: keep:
        empty directory used = 1
        close(covered)
        closed directories = 1
        goto closed source /vol: next
      closed source /vol: done:
        if closed directories == 0 goto cover 0: must be there
        covered = openat2(source /vol, "a/.env", HOW, 24)  or ENOENT → cover 0: laid
        goto cover 0: open
      cover 0: must be there:
        covered = openat2(source /vol, "a/.env", HOW, 24)
      cover 0: open:
        cover = empty file
        if empty file used == 0 goto cover 0: first
        cover = open_tree(empty file, "", OPEN_TREE_CLONE|O_CLOEXEC|AT_EMPTY_PATH)
      cover 0: first:
        move_mount(cover, "", covered, "", F_EMPTY|T_EMPTY)
        if empty file used == 0 goto cover 0: keep
        close(cover)
      cover 0: keep:
        empty file used = 1
        close(covered)
      cover 0: laid:"
    `);
  });

  test("that may be there are laid in a loop that passes over what is not", () => {
    expect(laid(OWN_ROOT, PROC, hidden("/proc/a", true), hidden("/proc/b", true))).toMatchInlineSnapshot(`
      "  next cover = ["a", "b", 0]
      covers proc hidden file test: next:
        cover path = u64 next cover[0]
        if cover path == 0 goto covers proc hidden file test: done
        next cover = next cover + 8
        covered = openat2(proc, cover path, HOW, 24)  or ENOENT → covers proc hidden file test: next
        cover = empty file
        if empty file used == 0 goto covers proc hidden file test: first
        cover = open_tree(empty file, "", OPEN_TREE_CLONE|O_CLOEXEC|AT_EMPTY_PATH)
      covers proc hidden file test: first:
        move_mount(cover, "", covered, "", F_EMPTY|T_EMPTY)
        if empty file used == 0 goto covers proc hidden file test: keep
        close(cover)
      covers proc hidden file test: keep:
        empty file used = 1
        close(covered)
        goto covers proc hidden file test: next
      covers proc hidden file test: done:"
    `);
  });

  test("make read-only by a copy on top", () => {
    const readOnly = cover({ target: "/proc/sys", how: "read-only", node: "directory", optional: false });
    expect(laid(OWN_ROOT, PROC, readOnly)).toMatchInlineSnapshot(`
      "  covered = openat2(proc, "sys", HOW, 24)
        cover = open_tree(covered, "", OPEN_TREE_CLONE|O_CLOEXEC|AT_EMPTY_PATH|AT_RECURSIVE)
        mount_setattr(cover, "", AT_EMPTY_PATH|AT_RECURSIVE, {RDONLY}, 32)
        move_mount(cover, "", covered, "", F_EMPTY|T_EMPTY)
        close(cover)
        close(covered)"
    `);
  });

  test("hide with a file and a directory of our own, that nobody can write to", () => {
    const plan = mergedPlan(OWN_ROOT, VOLUME, hidden("/vol/f", false), hidden("/vol/d", false, "directory"));
    expect(listing(makeStaged(plan, () => []))).toMatchInlineSnapshot(`
      "  mount("bunker", "/dev", "tmpfs", MS_NOSUID|MS_NODEV, "size=67108864,nr_inodes=16,mode=0755")
        mknodat(AT_FDCWD, "/dev/file", S_IFREG|0444, 0)
        empty file = open_tree(AT_FDCWD, "/dev/file", OPEN_TREE_CLONE|O_CLOEXEC)
        mount_setattr(empty file, "", AT_EMPTY_PATH, {RDONLY|NOSUID|NODEV|NOEXEC}, 32)
        mkdirat(AT_FDCWD, "/dev/directory", 365)
        empty directory = open_tree(AT_FDCWD, "/dev/directory", OPEN_TREE_CLONE|O_CLOEXEC)
        mount_setattr(empty directory, "", AT_EMPTY_PATH, {RDONLY|NOSUID|NODEV|NOEXEC}, 32)
        umount2("/dev", MNT_DETACH)"
    `);
  });

  test("need nothing where there are none", () => {
    expect(laid(OWN_ROOT, VOLUME)).toBe("");
    expect(makeStaged(mergedPlan(OWN_ROOT, VOLUME), () => [])).toEqual([]);
  });
});

describe("merging covers", () => {
  test("hides what anybody wants hidden, in the order of the paths", () => {
    const readOnly = cover({ target: "/b/", how: "read-only", node: "file", optional: true });
    const { covers } = mergedPlan(
      OWN_ROOT,
      hidden("/c", false),
      readOnly,
      hidden("/b", true),
      readOnly,
      hidden("/a", true),
    );
    expect(covers.map(({ target, how }) => [target, how])).toEqual([
      ["/a", "hidden"],
      ["/b", "hidden"],
      ["/c", "hidden"],
    ]);
  });

  test("takes no path that leads out", () => {
    expect(() => mergedPlan(OWN_ROOT, hidden("/a/../b", true))).toThrow("without ..");
    expect(() => mergedPlan(OWN_ROOT, hidden("a", true))).toThrow("absolute");
  });
});

import { describe, expect, test } from "bun:test";
import { entry } from "../../../src/api.ts";
import { makeEntries } from "../../../src/plan/lower/entries.ts";
import { listing, mergedPlan, OWN_ROOT, USERS_ROOT } from "../../support/lower.ts";

const bind = (target: string) =>
  entry({ target, type: "bind", source: `/host${target}`, node: "directory", readOnly: false });
const tmpfs = (target: string) => entry({ target, type: "tmpfs", sizeBytes: 4096, inodes: 4, mode: 0o700 });
const file = (target: string) => entry({ target, type: "file", mode: 0o644, content: ["x"] });

const made = (...args: Parameters<typeof mergedPlan>): string => listing(makeEntries(mergedPlan(...args), () => []));

describe("entries on file systems of our own", () => {
  test("are made by name, with every parent once", () => {
    expect(made(OWN_ROOT, tmpfs("/a/b"), file("/a/b/c"), bind("/a/d"))).toMatchInlineSnapshot(`
      "  mkdirat(AT_FDCWD, "a", 493)
        mkdirat(AT_FDCWD, "a/b", 493)
        mount("tmpfs", "a/b", "tmpfs", MS_NOSUID|MS_NODEV, "size=4096,nr_inodes=4,mode=0700")
        file = openat(AT_FDCWD, "a/b/c", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 420)
        write(file, "x", 1)
        close(file)
        mkdirat(AT_FDCWD, "a/d", 493)
        move_mount(source /a/d, "", AT_FDCWD, "a/d", F_EMPTY)"
    `);
  });
});

describe("entries in directories of the user's", () => {
  test("are reached from the descriptor of the mount that they lie on, one component at a time", () => {
    expect(made(OWN_ROOT, bind("/vol"), bind("/vol/a/b"))).toMatchInlineSnapshot(`
      "  mkdirat(AT_FDCWD, "vol", 493)
        move_mount(source /vol, "", AT_FDCWD, "vol", F_EMPTY)
        mkdirat(source /vol, "a", 493)  or ignore EEXIST
        next directory = openat2(source /vol, "a", HOW, 24)
        directory = next directory
        mkdirat(directory, "b", 493)  or ignore EEXIST
        mount point = openat2(directory, "b", HOW, 24)
        move_mount(source /vol/a/b, "", mount point, "", F_EMPTY|T_EMPTY)
        close(mount point)
        close(directory)"
    `);
  });

  test("are on a new file system of ours by its descriptor, whatever is at its name by then", () => {
    expect(made(OWN_ROOT, bind("/vol"), tmpfs("/vol/t"), file("/vol/t/f"), bind("/vol/t/b"))).toMatchInlineSnapshot(`
      "  mkdirat(AT_FDCWD, "vol", 493)
        move_mount(source /vol, "", AT_FDCWD, "vol", F_EMPTY)
        fs = fsopen("tmpfs", FSOPEN_CLOEXEC)
        fsconfig(fs, FSCONFIG_SET_STRING, "size", "4096", 0)
        fsconfig(fs, FSCONFIG_SET_STRING, "nr_inodes", "4", 0)
        fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0700", 0)
        fsconfig(fs, FSCONFIG_CMD_CREATE, 0, 0, 0)
        tmpfs /vol/t = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV)
        close(fs)
        mkdirat(source /vol, "t", 493)  or ignore EEXIST
        mount point = openat2(source /vol, "t", HOW, 24)
        move_mount(tmpfs /vol/t, "", mount point, "", F_EMPTY|T_EMPTY)
        close(mount point)
        mkdirat(tmpfs /vol/t, "b", 493)  or ignore EEXIST
        mount point = openat2(tmpfs /vol/t, "b", HOW, 24)
        move_mount(source /vol/t/b, "", mount point, "", F_EMPTY|T_EMPTY)
        close(mount point)
        file = openat(tmpfs /vol/t, "f", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 420)
        write(file, "x", 1)
        close(file)"
    `);
  });

  test("are in a root directory as in every other", () => {
    expect(
      made(USERS_ROOT, tmpfs("/dev"), entry({ target: "/dev/fd", type: "symlink", to: "/proc/self/fd" })),
    ).toMatchInlineSnapshot(`
      "  fs = fsopen("tmpfs", FSOPEN_CLOEXEC)
        fsconfig(fs, FSCONFIG_SET_STRING, "size", "4096", 0)
        fsconfig(fs, FSCONFIG_SET_STRING, "nr_inodes", "4", 0)
        fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0700", 0)
        fsconfig(fs, FSCONFIG_CMD_CREATE, 0, 0, 0)
        tmpfs /dev = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV)
        close(fs)
        mkdirat(source /, "dev", 493)  or ignore EEXIST
        mount point = openat2(source /, "dev", HOW, 24)
        move_mount(tmpfs /dev, "", mount point, "", F_EMPTY|T_EMPTY)
        close(mount point)
        symlinkat("/proc/self/fd", tmpfs /dev, "fd")"
    `);
  });

  test("are mount points that are files, where a file is mounted", () => {
    const one = { target: "/vol/f", type: "file", mode: 0o444, content: ["x"], mount: "read-only" } as const;
    expect(made(OWN_ROOT, bind("/vol"), entry(one)).split("\n").slice(-4).join("\n")).toMatchInlineSnapshot(`
      "  mknodat(source /vol, "f", S_IFREG|0444, 0)  or ignore EEXIST
        mount point = openat2(source /vol, "f", HOW, 24)
        move_mount(file /vol/f, "", mount point, "", F_EMPTY|T_EMPTY)
        close(mount point)"
    `);
  });

  test("use no path of more than one name, and none by the working directory", () => {
    const text = made(USERS_ROOT, bind("/a/b/c"), tmpfs("/a/b/d/e"), file("/a/b/d/e/f"), bind("/a/b/d/e/g/h"));
    expect(text).not.toContain("AT_FDCWD");
    const named = [...text.matchAll(/\w+at2?\([^"]*"([^"]*)"/g)].map(([, name]) => name);
    expect(named).toContain("h");
    expect(named.filter((name) => name?.includes("/"))).toEqual([]);
  });
});

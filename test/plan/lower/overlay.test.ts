import { describe, expect, test } from "bun:test";
import { cover, type Entry, entry, secret } from "../../../src/api.ts";
import { assemble } from "../../../src/codegen/image.ts";
import { lowerForLaunch } from "../../../src/plan/lower/launch.ts";
import { sourcesOf } from "../../../src/plan/lower/sources.ts";
import { makeStaged } from "../../../src/plan/lower/stage.ts";
import { listing, mergedPlan, OWN_ROOT } from "../../support/lower.ts";

const overlay = (more: Partial<Extract<Entry, { type: "overlay" }>> = {}) =>
  entry({ target: "/work", type: "overlay", source: "/host", sizeBytes: 4096, inodes: 9, ...more });

const staged = (...args: Parameters<typeof mergedPlan>): string => listing(makeStaged(mergedPlan(...args), () => []));

describe("an overlay", () => {
  test("is put together of a tmpfs and the source, before the root changes", () => {
    expect(staged(OWN_ROOT, overlay())).toMatchInlineSnapshot(`
      "  mount("bunker", "/dev", "tmpfs", MS_NOSUID|MS_NODEV, "size=67108864,nr_inodes=20,mode=0755")
        mkdirat(AT_FDCWD, "/dev/overlay-0", 448)
        mount("bunker", "/dev/overlay-0", "tmpfs", MS_NOSUID|MS_NODEV, "size=4096,nr_inodes=9,mode=0755")
        mkdirat(AT_FDCWD, "/dev/overlay-0/upper", 448)
        mkdirat(AT_FDCWD, "/dev/overlay-0/work", 448)
        mkdirat(AT_FDCWD, "/dev/overlay-0/lower", 448)
        statx(lower /work, "", AT_EMPTY_PATH, STATX_MODE, statx[256])
        directory mode = u16 statx[256][28]
        directory mode = directory mode & 4095
        fchmodat(AT_FDCWD, "/dev/overlay-0/upper", directory mode)
        written /work = openat(AT_FDCWD, "/dev/overlay-0/upper", O_PATH|O_CLOEXEC, 0)
        move_mount(lower /work, "", AT_FDCWD, "/dev/overlay-0/lower", F_EMPTY)
        fs = fsopen("overlay", FSOPEN_CLOEXEC)
        fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir", "/dev/overlay-0/lower", 0)
        fsconfig(fs, FSCONFIG_SET_STRING, "upperdir", "/dev/overlay-0/upper", 0)
        fsconfig(fs, FSCONFIG_SET_STRING, "workdir", "/dev/overlay-0/work", 0)
        fsconfig(fs, FSCONFIG_SET_FLAG, "userxattr", 0, 0)
        fsconfig(fs, FSCONFIG_CMD_CREATE, 0, 0, 0)
        overlay /work = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV)
        close(fs)
        umount2("/dev", MNT_DETACH)"
    `);
  });

  test("has its layers in a directory of the user's by descriptor alone", () => {
    expect(staged(OWN_ROOT, overlay({ upper: "/up", noexec: true }))).toMatchInlineSnapshot(`
      "  mount("bunker", "/dev", "tmpfs", MS_NOSUID|MS_NODEV, "size=67108864,nr_inodes=20,mode=0755")
        mkdirat(AT_FDCWD, "/dev/overlay-0", 448)
        mkdirat(AT_FDCWD, "/dev/overlay-0/lower", 448)
        mkdirat(AT_FDCWD, "/dev/overlay-0/rw", 448)
        move_mount(upper /work, "", AT_FDCWD, "/dev/overlay-0/rw", F_EMPTY)
        upper is new = 0
        mkdirat(upper /work, "upper", 448)  or EEXIST → /dev/overlay-0: has upper
        upper is new = 1
      /dev/overlay-0: has upper:
        mkdirat(upper /work, "work", 448)  or ignore EEXIST
        written /work = openat2(upper /work, "upper", HOW, 24)
        work directory = openat2(upper /work, "work", HOW, 24)
        cursor = upper path[64]
        u8 cursor[0] = 47
        u8 cursor[1] = 112
        u8 cursor[2] = 114
        u8 cursor[3] = 111
        u8 cursor[4] = 99
        u8 cursor[5] = 47
        u8 cursor[6] = 115
        u8 cursor[7] = 101
        u8 cursor[8] = 108
        u8 cursor[9] = 102
        u8 cursor[10] = 47
        u8 cursor[11] = 102
        u8 cursor[12] = 100
        u8 cursor[13] = 47
        cursor = cursor + 14
        number = written /work
        scale = 1
      /dev/overlay-0 upper 1: scale:
        digit = number / scale
        if digit < 10 goto /dev/overlay-0 upper 1: digits
        digit = scale << 1
        scale = scale << 3
        scale = scale + digit
        goto /dev/overlay-0 upper 1: scale
      /dev/overlay-0 upper 1: digits:
        digit = number / scale
        number = number % scale
        digit = digit + 48
        u8 cursor[0] = digit
        cursor = cursor + 1
        scale = scale / 10
        if scale != 0 goto /dev/overlay-0 upper 1: digits
        u8 cursor[0] = 0
        length = cursor - upper path[64]
        cursor = work path[64]
        u8 cursor[0] = 47
        u8 cursor[1] = 112
        u8 cursor[2] = 114
        u8 cursor[3] = 111
        u8 cursor[4] = 99
        u8 cursor[5] = 47
        u8 cursor[6] = 115
        u8 cursor[7] = 101
        u8 cursor[8] = 108
        u8 cursor[9] = 102
        u8 cursor[10] = 47
        u8 cursor[11] = 102
        u8 cursor[12] = 100
        u8 cursor[13] = 47
        cursor = cursor + 14
        number = work directory
        scale = 1
      /dev/overlay-0 work 1: scale:
        digit = number / scale
        if digit < 10 goto /dev/overlay-0 work 1: digits
        digit = scale << 1
        scale = scale << 3
        scale = scale + digit
        goto /dev/overlay-0 work 1: scale
      /dev/overlay-0 work 1: digits:
        digit = number / scale
        number = number % scale
        digit = digit + 48
        u8 cursor[0] = digit
        cursor = cursor + 1
        scale = scale / 10
        if scale != 0 goto /dev/overlay-0 work 1: digits
        u8 cursor[0] = 0
        length = cursor - work path[64]
        if upper is new == 0 goto /dev/overlay-0: permissions
        statx(lower /work, "", AT_EMPTY_PATH, STATX_MODE, statx[256])
        directory mode = u16 statx[256][28]
        directory mode = directory mode & 4095
        fchmodat(AT_FDCWD, upper path[64], directory mode)
      /dev/overlay-0: permissions:
        move_mount(lower /work, "", AT_FDCWD, "/dev/overlay-0/lower", F_EMPTY)
        fs = fsopen("overlay", FSOPEN_CLOEXEC)
        fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir", "/dev/overlay-0/lower", 0)
        fsconfig(fs, FSCONFIG_SET_STRING, "upperdir", upper path[64], 0)
        fsconfig(fs, FSCONFIG_SET_STRING, "workdir", work path[64], 0)
        fsconfig(fs, FSCONFIG_SET_STRING, "index", "on", 0)
        fsconfig(fs, FSCONFIG_SET_FLAG, "userxattr", 0, 0)
        fsconfig(fs, FSCONFIG_CMD_CREATE, 0, 0, 0)
        overlay /work = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV|MOUNT_ATTR_NOEXEC)
        close(fs)
        close(work directory)
        umount2("/dev", MNT_DETACH)"
    `);
  });

  test("copies one mount of each layer, and writes to one of them only", () => {
    const plan = mergedPlan(OWN_ROOT, overlay({ upper: "/up" }));
    expect(sourcesOf(plan).map(({ path, recursive, attributes }) => [path, recursive, attributes.join()])).toEqual([
      ["/host", false, "RDONLY,NOSUID,NODEV"],
      ["/up", false, "NOSUID,NODEV"],
    ]);
  });
});

describe("a device", () => {
  test("is the one thing that is not nodev, and its node cannot be changed", () => {
    const device = entry({ target: "/dev/x", type: "bind", source: "/dev/x", node: "device", readOnly: false });
    expect(sourcesOf(mergedPlan(OWN_ROOT, device))[0]?.attributes).toEqual(["RDONLY", "NOSUID", "NOEXEC"]);
  });
});

describe("what a supervisor hands over", () => {
  const plan = mergedPlan(
    OWN_ROOT,
    overlay(),
    secret({ name: "key", from: { file: "/k" } }),
    entry({ target: "/k", type: "file", mode: 0o400, content: ["a", { secret: "key" }, { id: "uid" }] }),
  );
  const program = (tellWritten: boolean): string =>
    listing(lowerForLaunch(plan, { kind: "launch", caller: { uid: 7, gid: 8 }, terminal: false, tellWritten }).ops);

  test("is secrets, and then a socket for what is written, where it is asked for", () => {
    expect(program(true)).toContain("  secret key = 6\n  written socket = 7\n");
    expect(program(false)).toContain("  secret key = 6\n");
    expect(program(false)).not.toContain("sendmsg");
    expect(program(true)).toContain("sendmsg(written socket, message[160], 0)");
  });

  test.each(["x64", "arm64"] as const)("is in a program of either architecture: %s", (arch) => {
    const target = { kind: "launch", caller: { uid: 7, gid: 8 }, terminal: false, tellWritten: true } as const;
    const covers = [
      cover({ target: "/work/a/b", how: "hidden", node: "file", optional: false }),
      cover({ target: "/work/c", how: "read-only", node: "directory", optional: true }),
    ];
    const all = mergedPlan(OWN_ROOT, overlay({ upper: "/up" }), ...covers);
    expect(assemble(lowerForLaunch(all, target), arch).length).toBeGreaterThan(4096);
  });

  test("is copied by the kernel, between the texts around it", () => {
    const text = program(false);
    expect(
      text.slice(text.indexOf('  file = openat(AT_FDCWD, "k"'), text.indexOf("  close(file)", text.indexOf('"k"'))),
    ).toMatchInlineSnapshot(`
      "  file = openat(AT_FDCWD, "k", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 256)
        write(file, "a", 1)
      secret key: copy:
        copied = sendfile(file, secret key, 0, 2147418112)
        if copied == 0 goto secret key: copied
        goto secret key: copy
      secret key: copied:
        close(secret key)
        write(file, "7", 1)
      "
    `);
  });
});

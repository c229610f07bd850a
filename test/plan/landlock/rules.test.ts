import { describe, expect, test } from "bun:test";
import type { Entry, Root } from "../../../src/api.ts";
import { CAPABILITIES } from "../../../src/linux/capability.ts";
import { accessNames, FILE_RIGHTS } from "../../../src/linux/landlock.ts";
import { heldByMountAlone, rulesOf } from "../../../src/plan/landlock/rules.ts";
import type { Plan } from "../../../src/plan/plan.ts";
import { planWith } from "../../support/landlock.ts";

/** As `ls -l` would: r, w and x, `d` for the rights of directories, `i` for ioctl, `n` for device nodes. */
const letters = (rights: number): string => {
  const names = accessNames(rights);
  const has = (name: (typeof names)[number], letter: string): string => (names.includes(name) ? letter : "-");
  return [
    has("READ_FILE", "r"),
    has("WRITE_FILE", "w"),
    has("EXECUTE", "x"),
    has("READ_DIR", "l"),
    has("MAKE_DIR", "m"),
    has("REFER", "f"),
    has("TRUNCATE", "t"),
    has("IOCTL_DEV", "i"),
    has("MAKE_CHAR", "n"),
    has("RESOLVE_UNIX", "u"),
  ].join("");
};

const shown = (plan: Plan): readonly string[] => rulesOf(plan).map(({ path, rights }) => `${path} ${letters(rights)}`);

const bind = (target: string, more: Partial<Extract<Entry, { type: "bind" }>> = {}): Entry => ({
  target,
  type: "bind",
  source: `/host${target}`,
  node: "directory",
  readOnly: true,
  ...more,
});
const tmpfs = (target: string, more: Partial<Extract<Entry, { type: "tmpfs" }>> = {}): Entry => ({
  target,
  type: "tmpfs",
  sizeBytes: 1,
  inodes: 1,
  mode: 0o755,
  ...more,
});
const filesystem = (target: string, name: "proc" | "devpts" | "mqueue"): Entry => ({
  target,
  type: "filesystem",
  filesystem: name,
  options: "",
});
const NOEXEC = tmpfs("/noexec", { noexec: true });

describe("rules for files", () => {
  test("are those of the root, where everything is read-only", () => {
    const entries = [bind("/usr"), bind("/etc/hosts", { node: "file" }), tmpfs("/dev", { readOnly: true })];
    expect(shown(planWith({ entries }))).toEqual(["/ r-xl------"]);
  });

  test("give to every mount what it allows", () => {
    const entries = [
      bind("/data", { readOnly: false }),
      bind("/data/file", { readOnly: false, node: "file" }),
      tmpfs("/tmp"),
      filesystem("/proc", "proc"),
      filesystem("/dev/pts", "devpts"),
      filesystem("/dev/mqueue", "mqueue"),
      bind("/dev/null", { readOnly: false, node: "device" }),
    ];
    expect(shown(planWith({ entries }))).toEqual([
      "/ r-xl------",
      "/data rwxlmft--u",
      "/data/file rwx---t--u",
      "/tmp rwxlmft--u",
      "/proc rw-l--t---",
      "/dev/pts rw-l---i--",
      "/dev/mqueue rw-l--t---",
      "/dev/null rw-----i--",
    ]);
  });

  test("let nothing be executed on a mount that says noexec, so that the root cannot allow it", () => {
    const file = { target: "/run.sh", type: "file", mode: 0o755, content: [] } as const;
    const entries = [
      NOEXEC,
      bind("/usr"),
      bind("/etc/hosts", { node: "file" }),
      { ...file },
      { ...file, target: "/text", mode: 0o644 },
    ];
    expect(shown(planWith({ entries }))).toEqual([
      "/ r--l------",
      "/noexec rw-lmft--u",
      "/usr r-xl------",
      "/etc/hosts r-x-------",
      "/run.sh r-x-------",
    ]);
  });

  test("hold a device that is shown read-only, where the mount does not", () => {
    const device = bind("/disk", { node: "device" });
    expect(shown(planWith({ entries: [device] }))).toEqual(["/ r-xl------"]);
  });

  test.each<[Root, string]>([
    [{ type: "directory", source: "/srv", readOnly: true }, "/ r-xl------"],
    [{ type: "directory", source: "/srv", readOnly: false }, "/ rwxlmft--u"],
  ])("follow a root directory: %j", (root, rule) => {
    expect(shown(planWith({ root, entries: [bind("/usr"), tmpfs("/tmp")] }))).toEqual(
      root.type === "directory" && root.readOnly ? [rule, "/tmp rwxlmft--u"] : [rule],
    );
  });

  test("let device nodes be made by those who have the capability for it, and nobody else", () => {
    const capabilities = [CAPABILITIES.indexOf("MKNOD")];
    expect(shown(planWith({ entries: [tmpfs("/tmp")], capabilities }))[1]).toBe("/tmp rwxlmft-nu");
  });

  test("give a file no right that only a directory may have: the kernel refuses such a rule", () => {
    for (const readOnly of [true, false])
      for (const node of ["file", "device"] as const)
        for (const { path, rights } of rulesOf(planWith({ entries: [NOEXEC, bind("/x", { readOnly, node })] })))
          if (path === "/x") expect(rights & ~FILE_RIGHTS).toBe(0);
  });

  test("have some right each: the kernel refuses a rule without one", () => {
    const links: Entry[] = [
      { target: "/bin", type: "symlink", to: "usr/bin" },
      { target: "/var", type: "directory", mode: 0o755 },
    ];
    for (const { rights } of rulesOf(planWith({ entries: [...links, NOEXEC] }))) expect(rights).toBeGreaterThan(0);
  });
});

describe("what only a mount holds", () => {
  test("is what lies read-only in something writable", () => {
    const entries = [bind("/w", { readOnly: false }), bind("/w/ro"), bind("/wide"), bind("/w/rw", { readOnly: false })];
    expect(heldByMountAlone(planWith({ entries }))).toEqual(["/w/ro"]);
  });

  test("is what may not be executed in something that may", () => {
    const entries = [tmpfs("/tmp"), tmpfs("/tmp/noexec", { noexec: true })];
    expect(heldByMountAlone(planWith({ entries }))).toEqual(["/tmp/noexec"]);
  });

  test("is everything read-only below a writable root", () => {
    const root: Root = { type: "directory", source: "/srv", readOnly: false };
    expect(heldByMountAlone(planWith({ root, entries: [bind("/usr"), tmpfs("/tmp")] }))).toEqual(["/usr"]);
  });

  test("is nothing in an ordinary plan", () => {
    expect(heldByMountAlone(planWith({ entries: [bind("/usr"), tmpfs("/tmp"), NOEXEC] }))).toEqual([]);
  });
});

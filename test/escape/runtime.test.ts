/**
 * The runtime's own executable, and its processes.
 *
 * CVE-2019-5736 (runc, LXC), CVE-2019-8308 (Flatpak): `#!/proc/self/exe`, and writing to the executable of a process that joined.
 * CVE-2016-9962 (runc): a process of the runtime that can be traced from inside. bubblewrap issue 725: arguments and environment.
 * @module
 */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { box, python, running, shell } from "../support/box.ts";
import { describeForCallers, SHARED_BINARY, testWith } from "../support/callers.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { outcomesOf } from "../support/system-calls.ts";

const scratch = scratchDirectory();
const hash = (path: string): string => new Bun.CryptoHasher("sha256").update(readFileSync(path)).digest("hex");

describeForCallers("the runtime", (caller) => {
  test("is not what a script gets that names /proc/self/exe as its interpreter", () => {
    const script = scratch.file(`self-${caller.name}`, "#!/proc/self/exe\n");
    const { exitCode, stderr } = box(caller, [script], { flags: ["-v", `${script}:${script}:ro`] });
    expect(exitCode).toBeGreaterThanOrEqual(125);
    expect(stderr).not.toContain("Usage:");
  });

  testWith(["python3"], "cannot be written to, where it is shown, through any process", () => {
    const before = hash(SHARED_BINARY);
    const write = `
import glob, json
opened = []
for path in glob.glob("/proc/[0-9]*/exe") + ["/run/bunker/bun", "/proc/self/exe"]:
    for mode in ("r+b", "ab"):
        try: open(path, mode); opened.append(path)
        except OSError: pass
print(json.dumps([path for path in opened if "python" not in __import__("os").path.realpath(path)]))`;
    expect(python(caller, write)).toEqual([]);
    const wrapper = scratch.file(
      `wrap-${caller.name}.js`,
      `const fs = require("fs"); let ok = []; for (const p of ["/proc/self/exe", "/run/bunker/bun"]) try { fs.closeSync(fs.openSync(p, "r+")); ok.push(p) } catch {} console.log(JSON.stringify(ok))`,
    );
    expect(box(caller, [wrapper]).stdout).toBe("[]\n");
    expect(hash(SHARED_BINARY)).toBe(before);
  });

  test("has an init that is sealed against writing, and that nobody inside may look at", async () => {
    await using sandbox = await running(caller, { env: { TOKEN: "hunter2" } });
    const path = `/proc/${sandbox.init}/exe`;
    if (process.getuid?.() === 0) {
      expect(readFileSync(`/proc/${sandbox.init}/environ`, "utf8")).toBe("");
      const { exitCode } = Bun.spawnSync(["sh", "-c", `echo x >>${path}`], { stderr: "ignore" });
      expect(exitCode).not.toBe(0);
    }
    expect(
      shell(
        caller,
        "cat /proc/1/environ /proc/1/maps /proc/1/mem 2>/dev/null | wc -c; readlink /proc/1/exe || echo none",
        { env: { TOKEN: "hunter2" } },
      ),
    ).toBe("0\nnone");
  });

  testWith(["python3"], "cannot be traced, read or robbed of a descriptor", () => {
    const outcomes = outcomesOf(caller, [
      ["ptrace", 16, 1, 0, 0],
      ["process_vm_readv", 1, 0, 0, 0, 0, 0],
      ["pidfd_getfd", 0, 3, 0],
      ["kcmp", 1, 2, 0, 0, 0],
    ]);
    for (const outcome of Object.values(outcomes)) expect(["EPERM", "ENOSYS", "ESRCH"]).toContain(outcome as string);
  });
});

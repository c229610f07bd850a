/**
 * A descriptor or a working directory that leads to the host's files.
 *
 * CVE-2024-21626 (runc): a leaked directory descriptor, reached as working directory. CVE-2015-3627 (Docker): the same for init.
 * @module
 */
import { expect, test } from "bun:test";
import { box, shell } from "../support/box.ts";
import { describeForCallers } from "../support/callers.ts";
import { scratchDirectory } from "../support/scratch.ts";

const scratch = scratchDirectory();
/** What a caller may have open, on numbers high and low. */
const LEAKY = ["bash", "-c", 'exec 3</ 7</etc 42</root 255</proc 1000</tmp; exec "$@"', "bash"];

describeForCallers("a leaked descriptor", (caller) => {
  test("is none: only 0 to 2 are open, in the payload and in what it starts", () => {
    const script = "for process in self $$; do ls /proc/$process/fd; done | sort -n | uniq | tr '\\n' ' '";
    // 3 is the directory that ls reads.
    for (const flags of [[], ["--no-init"], ["--pid", "host"], ["-v", `${scratch.path}:/data`]])
      expect(shell(caller, script, { through: LEAKY, flags })).toMatch(/^0 1 2 3 $/);
  });

  test.each(["/proc/self/fd/7", "/proc/self/fd/3/..", "/proc/self/fd/7/../.."])(
    "is no working directory: -w %s",
    (workdir) => {
      const { exitCode, stdout } = box(caller, ["pwd"], { through: LEAKY, flags: ["-w", workdir] });
      expect([exitCode, stdout]).toEqual([125, ""]);
    },
  );

  test("is not behind a link of the image's that the working directory goes through", () => {
    const root = scratch.directory(`root-${caller.name}`);
    for (const name of ["usr", "bin", "lib", "lib64", "proc", "dev", "tmp", "etc", "run", "home"])
      scratch.directory(`root-${caller.name}`, name);
    Bun.spawnSync(["ln", "-sfn", "/proc/self/fd/7", `${root}/work`]);
    const flags = ["--rootfs", root, "-v", "/usr:/usr:ro", "-w", "/work"];
    expect(box(caller, ["/usr/bin/pwd"], { through: LEAKY, flags }).stdout).toBe("");
  });

  test("the working directory has a name, and upwards of it is the sandbox's root", () => {
    const script =
      "readlink /proc/self/cwd; cd ../../../../../../../../..; pwd -P; test -e boot -o -e lost+found && echo host; exit 0";
    expect(shell(caller, script)).not.toMatch(/unreachable|host/);
  });
});

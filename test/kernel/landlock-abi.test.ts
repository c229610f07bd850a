/**
 * Kernels with another version of Landlock than this one, played by strace(1): it answers for the kernel when a sandbox asks for the
 * version, and what the sandbox then asks for is really there. Also kernels without Landlock, and one that claims too much.
 */
import { describe, expect, test } from "bun:test";
import { type BoxOptions, box, python } from "../support/box.ts";
import { CALLERS, describeForCallers, testWith } from "../support/callers.ts";
import { KERNEL_ABI } from "../support/landlock.ts";
import { scratchDirectory } from "../support/scratch.ts";

const scratch = scratchDirectory();
const trace = scratch.file("trace", "");

/** Everything that bunker executes is traced; the first question of the payload's process is answered so. */
const withAnswer = (answer: string, when = "1"): BoxOptions => ({
  through: ["strace", "-f", "-qq", "-o", trace, "-e", `inject=landlock_create_ruleset:${answer}:when=${when}`],
});

const stdin = scratch.file("stdin", "12345");

/** One thing for each version that nothing but Landlock denies. */
const PROBE = `
import errno, fcntl, json, os, socket, stat
def outcome(call):
    try: call(); return "ok"
    except OSError as error: return errno.errorcode[error.errno]
print(json.dumps({
    "2": outcome(lambda: os.mknod("/tmp/whiteout", stat.S_IFCHR | 0o600, 0)),
    "3": outcome(lambda: os.truncate("/proc/self/fd/0", 5)),
    "4": outcome(lambda: socket.socket().connect(("127.0.0.1", 1))),
    "5": outcome(lambda: fcntl.ioctl(open("/mnt/null", "rb"), 0x5401, b" " * 64)),
    "6": outcome(lambda: os.kill(1, 0)),
}))`;

const device = scratch.at("null");
const isDevice = Bun.spawnSync(["mknod", "-m", "666", device, "c", "1", "3"]).exitCode === 0;
const ALLOWED = { "2": "ok", "3": "ok", "4": "ECONNREFUSED", "5": "ENOTTY", "6": "ok" };
const DENIED = { "2": "EACCES", "3": "EACCES", "4": "EACCES", "5": "EACCES", "6": "EPERM" };

/** What is denied of a version on, and what is allowed before. */
const expected = (abi: number): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (Object.keys(ALLOWED) as (keyof typeof ALLOWED)[]).map((since) => [
      since,
      (abi >= Number(since) ? DENIED : ALLOWED)[since],
    ]),
  );

describeForCallers("on a kernel with Landlock", (caller) => {
  const look = (options: BoxOptions, level = "best-effort"): unknown => {
    const flags = ["--inherit-stdio", "--landlock", level, "--tcp-connect", "2", "-v", `${device}:/mnt/null:ro`];
    // Opened by the caller, to be read: who may write to it could cut it.
    const opened = ["sh", "-c", `exec <${stdin}; exec "$@"`, "sh"];
    return python(caller, PROBE, { ...options, flags, through: [...opened, ...(options.through ?? [])] });
  };

  for (const abi of [0, 1, 2, 3, 4, 5, 6, 7]) {
    const why =
      KERNEL_ABI < abi ? "this kernel has an older one" : isDevice ? undefined : "the tests may not make a device";
    if (why !== undefined) test.skip(`ABI ${abi}: ${why}`, () => {});
    else
      testWith(["strace", "python3"], `ABI ${abi} denies what it knows, and the sandbox works`, () => {
        expect(look(withAnswer(`retval=${abi}`))).toEqual(expected(abi));
      });
  }

  testWith(["strace", "python3"], "of a version that is newer than any known, the known part is in force", () => {
    expect(look(withAnswer("retval=1000"))).toEqual(expected(KERNEL_ABI));
  });

  testWith(
    ["strace", "python3"],
    "that refuses what belongs to the version that it claims, the version before is in force",
    () => {
      // The first call asks for the version, the second and third are for rulesets of it and of the one before.
      expect(look(withAnswer("error=EINVAL", "2..3"))).toEqual(expected(KERNEL_ABI - 2));
    },
  );
});

const NONE = [
  ["not built in", "ENOSYS", "is not built into this kernel"],
  ["not enabled at boot", "EOPNOTSUPP", "put landlock into lsm= of its command line"],
  ["hidden by a filter", "EPERM", "likely because of a seccomp filter"],
] as const;

describeForCallers("on a kernel where Landlock is", (caller) => {
  for (const [how, errno, hint] of NONE) {
    const options = withAnswer(`error=${errno}`, "1+");

    testWith(["strace"], `${how}, a sandbox starts without it`, () => {
      expect(box(caller, ["echo", "started"], options)).toEqual({ exitCode: 0, stdout: "started\n", stderr: "" });
    });

    testWith(["strace"], `${how}, what is required says so and does not start`, () => {
      const { exitCode, stdout, stderr } = box(caller, ["echo", "started"], {
        ...options,
        flags: ["--landlock", "required"],
      });
      expect([exitCode, stdout]).toEqual([125, ""]);
      expect(stderr).toStartWith("bunker: error: landlock: fs is required, but needs ABI 5, of Linux 6.10\n");
      expect(stderr).toContain(hint);
      expect(stderr).toContain("--landlock fs=best-effort");
    });
  }

  testWith(["strace"], "older, what is preferred is warned about once, and the payload runs", () => {
    const flags = ["--landlock", "signal=preferred"];
    const { exitCode, stdout, stderr } = box(caller, ["echo", "started"], { ...withAnswer("retval=5"), flags });
    expect([exitCode, stdout]).toEqual([0, "started\n"]);
    expect(stderr).toBe("bunker: warning: landlock: signal is preferred, but needs ABI 6, of Linux 6.12\n");
  });

  testWith(["strace"], "older, ports that are listed are required, unless they are not", () => {
    const run = (...flags: readonly string[]) => box(caller, ["true"], { ...withAnswer("retval=3"), flags });
    expect(run("--tcp-connect", "443")).toMatchObject({ exitCode: 125 });
    expect(run("--tcp-connect", "443").stderr).toContain("landlock: tcp is required, but needs ABI 4, of Linux 6.7");
    expect(run("--tcp-connect", "443", "--landlock", "tcp=best-effort").exitCode).toBe(0);
  });
});

describe("the host's audit log", () => {
  const [caller] = CALLERS;
  const flagsOf = async (...flags: readonly string[]): Promise<string> => {
    const file = scratch.file("log", "");
    if (caller)
      box(caller, ["true"], {
        through: ["strace", "-f", "-qq", "-o", file, "-e", "trace=landlock_restrict_self"],
        flags,
      });
    return /landlock_restrict_self\(\d+, (\w+)/.exec(await Bun.file(file).text())?.[1] ?? "";
  };

  testWith(
    ["strace"],
    "has nothing of the payload's own domains, or all on request, where the kernel can tell",
    async () => {
      expect(await flagsOf()).toBe(KERNEL_ABI >= 7 ? "0x4" : "0");
      if (KERNEL_ABI >= 7) expect(await flagsOf("--landlock-log")).toBe("0x2");
    },
  );
});

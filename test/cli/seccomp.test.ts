/**
 * `bunker seccomp`, as its users start it.
 * @module
 */
import { describe, expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { parseArgument } from "../../src/cli/seccomp/constants.ts";
import { readWords } from "../../src/cli/seccomp/words.ts";
import { AUDIT_ARCH } from "../../src/linux/seccomp.ts";
import { compile } from "../../src/seccomp/compile.ts";
import { decodeInstructions } from "../../src/seccomp/instruction.ts";
import { interpret } from "../../src/seccomp/interpret.ts";
import { policyOf } from "../../src/seccomp/policy.ts";
import { defaultProfile } from "../../src/seccomp/profiles/default.ts";
import { strictProfile } from "../../src/seccomp/profiles/strict.ts";
import { BINARY, bunker } from "../support/binary.ts";
import { ENVIRONMENT, testWith } from "../support/callers.ts";
import { testWithDockerProfile } from "../support/docker-profile.ts";
import { scratchDirectory } from "../support/scratch.ts";

const scratch = scratchDirectory();

const seccomp = (...args: readonly string[]) => bunker(["seccomp", ...args], { cwd: scratch.path });

const printed = (...args: readonly string[]): string => {
  const { exitCode, stdout, stderr } = seccomp(...args);
  expect([exitCode, stderr]).toEqual([0, ""]);
  return stdout.trimEnd();
};

const json = (...args: readonly string[]) => JSON.parse(printed(...args, "--json"));

const refusal = (...args: readonly string[]): string => {
  const { exitCode, stdout, stderr } = seccomp(...args);
  expect([exitCode, stdout]).toEqual([125, ""]);
  return stderr;
};

describe("bunker seccomp show", () => {
  test("prints every call, aligned, with what becomes of it and why", () => {
    const lines = printed("show", "--arch", "x64").split("\n");
    expect(lines[0]).toMatch(/^default, x64: \d+ instructions, sha256 [0-9a-f]{64}$/);
    expect(lines[1]).toBe("otherwise EPERM; unknown calls ENOSYS; other ABIs kill process");
    expect(lines).toContain("  0  read                     allow");
    expect(lines).toContain(" 56  clone                    allow            arg0 & 0x7e020000 == 0");
    expect(lines.find((line) => line.includes(" keyctl "))).toContain("EPERM            (keyrings are the kernel's");
    expect(lines.filter((line) => line !== line.trimEnd())).toEqual([]);
  });

  test("has the same in JSON, and says which filter a sandbox would have", () => {
    const shown = json("show", "strict");
    const explained = JSON.parse(bunker(["explain", "--json", "--seccomp", "strict", "true"]).stdout);
    expect(shown.sha256).toBe(explained.seccomp.sha256);
    expect(shown.instructions).toBe(explained.seccomp.instructions);
    expect(shown.calls).toContainEqual({ number: 0, name: "read", answers: [{ action: "allow", when: "", why: "" }] });
  });

  test("is about capabilities, architectures and logging too", () => {
    const answersOf = (call: string, ...args: readonly string[]) =>
      json("show", ...args).calls.find(({ name }: { name: string }) => name === call)?.answers[0].action;
    expect(answersOf("ptrace")).toBe("EPERM");
    expect(answersOf("ptrace", "--cap-add", "cap_sys_ptrace")).toBe("allow");
    expect(answersOf("ptrace", "--cap-add", "ALL")).toBe("allow");
    expect(answersOf("ptrace", "--log")).toBe("log");
    expect(answersOf("open", "--arch", "arm64")).toBeUndefined();
  });

  testWithDockerProfile("lists all names of Docker's profile that are no calls here", (path) => {
    const { skipped } = json("show", path, "--arch", "x64");
    expect(skipped).toContain("socketcall");
    expect(skipped).not.toContain("mseal");
    expect(printed("show", path, "--arch", "x64")).toContain(`no calls of x64: ${skipped.join(", ")}`);
  });
});

describe("bunker seccomp compile", () => {
  test("writes what the compiler makes, to a file that everybody may read", () => {
    const path = scratch.at("filter.bpf");
    expect(printed("compile", "-o", path, "--arch", "arm64")).toBe("");
    expect(decodeInstructions(readFileSync(path))).toEqual([...compile(policyOf(defaultProfile(), "arm64"))]);
    expect(statSync(path).mode & 0o777).toBe(0o644);
  });

  test("writes to standard output, with flags behind the profile too", () => {
    const { stdout } = Bun.spawnSync([BINARY, "seccomp", "compile", "strict", "--arch", "x64"]);
    expect(decodeInstructions(stdout)).toEqual([...compile(policyOf(strictProfile(), "x64"))]);
  });

  testWith(["bwrap", "unshare", "sh"], "makes filters that bubblewrap installs", () => {
    const path = scratch.at("bwrap.bpf");
    printed("compile", "default", "-o", path);
    const words = 'exec bwrap --unshare-all --ro-bind / / --proc /proc --seccomp 9 sh -c "$0" 9<"$1"';
    const script = "grep -E '^Seccomp:' /proc/self/status; unshare -U true || echo denied";
    const { stdout, stderr } = Bun.spawnSync(["sh", "-c", words, script, path], { env: ENVIRONMENT });
    if (stdout.length === 0) expect(stderr.toString()).toBe("");
    expect(stdout.toString()).toBe("Seccomp:\t2\ndenied\n");
  });

  testWith(["script"], "does not write to a terminal", () => {
    const { stdout } = Bun.spawnSync(["script", "-qec", `${BINARY} seccomp compile`, "/dev/null"], { stdin: "ignore" });
    expect(stdout.toString()).toContain("a filter is no text for a terminal");
  });

  test("does not write over what is no file", () => {
    expect(refusal("compile", "-o", scratch.path)).toContain("not a regular file");
  });
});

describe("bunker seccomp disassemble", () => {
  test("prints a filter with where its jumps lead to", () => {
    const path = scratch.at("listing.bpf");
    printed("compile", "-o", path, "--arch", "x64");
    const lines = printed("disassemble", path).split("\n");
    expect(lines[0]).toBe("0000  ld    [4]                      arch");
    expect(lines[1]).toMatch(/^0001 {2}jeq {3}#0xc000003e, 0002, 0\d{3} {2}x86_64$/);
    expect(lines.at(-1)).toMatch(/ret {3}0x80000000 +kill process$/);
    expect(json("disassemble", path)).toMatchObject({ problems: [], instructions: { length: lines.length } });
  });

  test("prints what the kernel would refuse, and says why it would", () => {
    const path = scratch.at("bad.bpf");
    writeFileSync(path, Uint8Array.fromHex("2000000041000000" + "0500000009000000"));
    expect(printed("disassemble", path).split("\n")).toEqual([
      "0000  ld  [65]  arg6 high",
      "0001  ja  0011",
      "the kernel would refuse it: instruction 0: loads from offset 65",
      "the kernel would refuse it: instruction 1: jumps behind the end",
      "the kernel would refuse it: it does not end with a return",
    ]);
  });

  test("reads standard input", () => {
    const { stdout } = Bun.spawnSync([BINARY, "seccomp", "disassemble", "-"], {
      stdin: Uint8Array.fromHex("060000000000ff7f"),
    });
    expect(stdout.toString()).toBe("0000  ret  0x7fff0000  allow\n");
  });
});

describe("bunker seccomp simulate", () => {
  test("says what a call gets, by which rule, and on which way through the filter", () => {
    const text = printed("simulate", "--arch", "x64", "clone", "CLONE_NEWUSER|SIGCHLD");
    expect(text).toContain("clone(CLONE_NEWUSER|SIGCHLD) → EPERM");
    expect(text).toContain("a namespace of its own would give capabilities");
    expect(text).toMatch(/filter {3}default, x64: \d+ of \d+ instructions, 0 → 1 → 2 → /);
  });

  test.each<[readonly string[], string, string]>([
    [["read"], "allow", "rule"],
    [["strict", "socket", "AF_UNIX", "SOCK_STREAM", "0"], "EAFNOSUPPORT", "rule"],
    [["socket", "AF_VSOCK"], "EAFNOSUPPORT", "rule"],
    [["ioctl", "0", "0x100005412"], "EPERM", "rule"],
    [["clone3"], "ENOSYS", "rule"],
    [["socket", "AF_INET", "SOCK_RAW"], "EPERM", "otherwise"],
    [["999"], "ENOSYS", "unknown"],
    [["-1"], "ENOSYS", "unknown"],
    [["--arch", "x64", "0x40000001"], "kill process", "foreign"],
    [["--cap-add", "SYS_ADMIN", "unshare", "0"], "allow", "rule"],
    [["--log", "unshare"], "log", "rule"],
    [["none", "0x40000001"], "allow", "otherwise"],
  ])("%p gets %s", (args, action, because) => {
    expect(json("simulate", ...args)).toMatchObject({ action, because });
  });

  test("says what the compiled filter does, whose path ends in that answer", () => {
    const { filter, number } = json("simulate", "--arch", "arm64", "openat", "-100");
    const outcome = interpret(compile(policyOf(defaultProfile(), "arm64")), {
      arch: AUDIT_ARCH.arm64,
      number,
      args: [2n ** 64n - 100n],
    });
    expect(filter.path).toEqual([...outcome.path]);
  });
});

describe("bunker seccomp diff", () => {
  test("finds that a profile is like itself, and leaves with 0", () => {
    expect(printed("diff", "default", "default", "--arch", "x64")).toBe("default and default decide alike on x64");
  });

  test("lists what is different, with the conditions, and leaves with 1", () => {
    const { exitCode, stdout } = seccomp("diff", "default", "strict", "--arch", "x64");
    const lines = stdout.split("\n");
    expect(exitCode).toBe(1);
    expect(lines.slice(0, 2)).toEqual(["- default", "+ strict"]);
    expect(lines.some((line) => /^setuid +allow → EPERM$/.test(line))).toBe(true);
    expect(lines).toContain("  + allow when arg1 & 0xc00 == 0");
    expect(lines.some((line) => line.startsWith("read "))).toBe(false);
  });

  test("takes no difference in how rules are written for one in what they do", () => {
    const write = (name: string, ...args: readonly object[][]) =>
      scratch.file(
        name,
        JSON.stringify({
          defaultAction: "SCMP_ACT_ALLOW",
          syscalls: args.map((list) => ({ names: ["socket"], action: "SCMP_ACT_ERRNO", args: list })),
        }),
      );
    const is = (value: number) => ({ index: 0, value, op: "SCMP_CMP_EQ" });
    const one = write("one.json", [is(1)], [is(2)]);
    const other = write("other.json", [is(1), is(2)]);
    expect(printed("diff", one, other)).toContain("decide alike");
    expect(seccomp("diff", one, write("third.json", [is(1)], [is(3)])).exitCode).toBe(1);
  });
});

describe("bunker seccomp: what is wrong is said", () => {
  test.each<[readonly string[], string]>([
    [["shwo"], 'unknown command "seccomp shwo"'],
    [["--json"], "unknown flag --json"],
    [["show", "--output", "x"], "unknown flag --output"],
    [["show", "default", "strict"], 'takes no argument, but was given "strict"'],
    [["show", "none"], "none is no profile to show"],
    [["show", "stirct"], "did you mean strict?"],
    [["show", "--arch", "arm"], '--arch: "arm" is not allowed'],
    [["show", "--arch", "x64", "--arch", "arm64"], "--arch is given more than once"],
    [["show", "--cap-add", "SYS_ADMN"], '--cap-add: "SYS_ADMN" is not allowed'],
    [["compile", "none"], "none is no profile"],
    [["disassemble"], "no file to disassemble"],
    [["disassemble", "/nonexistent"], 'filter "/nonexistent" cannot be read'],
    [["disassemble", "/etc"], 'filter "/etc" cannot be read'],
    [["simulate"], "no system call to ask about"],
    [["simulate", "opne"], "did you mean open?"],
    [["simulate", "--arch", "arm64", "open"], 'arm64 has no system call "open"'],
    [["simulate", "socket", "AF_VSCOK"], "did you mean AF_VSOCK?"],
    [["simulate", "socket", "18446744073709551616"], "is no number of 64 bits"],
    [["simulate", "read", "1", "2", "3", "4", "5", "6", "7"], "more than 6 arguments"],
    [["diff", "default"], "two profiles are needed"],
  ])("%p", (args, message) => {
    expect(refusal(...args)).toContain(message);
  });

  test("of a filter that is no whole number of instructions", () => {
    expect(refusal("disassemble", scratch.file("part.bpf", "1234567"))).toContain(
      "has 7 bytes; allowed: a multiple of 8",
    );
  });
});

test("help lists the verbs, and what each of them takes", () => {
  expect(printed("--help")).toContain("bunker seccomp simulate [PROFILE] SYSCALL [ARGUMENT…]");
  expect(printed()).toBe(printed("--help"));
  expect(printed("compile", "--help")).toContain("-o, --output FILE");
  expect(printed("show", "--help")).not.toContain("--output");
  expect(bunker(["--help"]).stdout).toContain("seccomp");
});

describe("words", () => {
  test("are read with flags between them, and negative numbers are none", () => {
    const read = readWords(
      "simulate",
      ["--json", "-1", "--arch=x64", "read", "-0x5", "--arch", "arm64"],
      ["json", "arch"],
    );
    expect(read.words).toEqual(["-1", "read", "-0x5"]);
    expect(read.values("arch")).toEqual(["x64", "arm64"]);
    expect(readWords("show", ["--", "--json"], ["json"]).words).toEqual(["--json"]);
  });

  test.each<[string, bigint]>([
    ["0", 0n],
    ["010", 8n],
    ["0o17", 15n],
    ["0x1F", 31n],
    ["-1", 2n ** 64n - 1n],
    ["-0x64", 2n ** 64n - 100n],
    ["18446744073709551615", 2n ** 64n - 1n],
    ["AF_INET6", 10n],
    ["SOCK_STREAM | SOCK_CLOEXEC", 0o2000001n],
    ["TIOCSTI", 0x5412n],
  ])("%s is the argument %p", (text, value) => {
    expect(parseArgument(text)).toBe(value);
  });

  test.each(["", "|", "1|", "08", "0x", "1e3", "--1", "AF_", "1.5", "-9223372036854775809"])(
    "%p is no argument",
    (text) => {
      expect(() => parseArgument(text)).toThrow("is no number of 64 bits");
    },
  );
});

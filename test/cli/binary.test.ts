import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bunker, whyNoSandbox } from "../support/binary.ts";

let scratch = "";
const file = (name: string, content: string): string => {
  writeFileSync(join(scratch, name), content);
  return join(scratch, name);
};

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "bunker-binary-"));
  // A root caller's payload is somebody else.
  chmodSync(scratch, 0o755);
});

afterAll(() => rmSync(scratch, { recursive: true }));

describe("the command line", () => {
  test("--version is one line", () => {
    expect(bunker(["--version"])).toEqual({ exitCode: 0, stdout: "bunker 0.1.0\n", stderr: "" });
  });

  test.each([
    [],
    ["--help"],
    ["run", "--help"],
    ["compile", "-h"],
    ["explain", "--help"],
    ["plugins", "--help"],
    ["schema", "--help"],
  ])("help of %p is on standard output", (...args) => {
    const { exitCode, stdout, stderr } = bunker(args as string[]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("Usage: bunker");
    expect(stdout).not.toContain("\u001b");
  });

  test.each([
    [["rnu"], 'unknown command "rnu"', "did you mean run?"],
    [["run", "--volum", "x", "ls"], "unknown flag --volum", "did you mean --volume?"],
    [["run"], "no command to run", "bunker run [FLAGS]"],
    [["compile", "ls"], "no file to write to", "-o FILE"],
    [["run", "-v", "/no/such:/x", "ls"], 'volume source "/no/such" does not exist', ""],
    [["plugins", "x"], "takes no argument", ""],
  ])("%p fails with 125: %s", (args, message, hint) => {
    const { exitCode, stdout, stderr } = bunker(args);
    expect([exitCode, stdout]).toEqual([125, ""]);
    expect(stderr).toStartWith("bunker: error: ");
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
  });

  test("explain, plugins and schema print JSON for machines", () => {
    expect(JSON.parse(bunker(["explain", "--json", "--syscalls", "true"]).stdout)).toMatchObject({
      command: ["true"],
      selfContained: true,
    });
    expect(JSON.parse(bunker(["plugins", "--json"]).stdout)[0]).toMatchObject({ order: 1, name: "userns" });
    expect(JSON.parse(bunker(["schema"]).stdout)).toMatchObject({ type: "object", additionalProperties: false });
  });

  test("nothing of the current directory is read that was not named", () => {
    file("bunfig.toml", 'preload = ["./planted.ts"]\n');
    file("planted.ts", 'console.log("planted");');
    file(".env", "PLANTED=1\nNO_COLOR=\n");
    file("bunker.toml", "this is not TOML [");
    expect(bunker(["--version"], { cwd: scratch })).toEqual({ exitCode: 0, stdout: "bunker 0.1.0\n", stderr: "" });
    const { stdout } = bunker(["explain", "--allow-env", "*", "true"], { cwd: scratch });
    expect(stdout).not.toContain("PLANTED");
  });
});

describe("compile", () => {
  test("writes an executable file, and leaves nothing beside it", () => {
    const output = join(scratch, "out");
    expect(bunker(["compile", "-o", output, "true"])).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect(statSync(output).mode & 0o111).toBe(0o111);
    expect([...new Bun.Glob("out*").scanSync(scratch)]).toEqual(["out"]);
  });

  test("refuses what needs a supervisor, with the names of the plugins", () => {
    const { exitCode, stderr } = bunker([
      "compile",
      "-o",
      join(scratch, "no"),
      "--plugin",
      "examples/plugin-banner.ts",
      "true",
    ]);
    expect(exitCode).toBe(125);
    expect(stderr).toContain("banner (started, exited)");
  });

  test("refuses to replace what is no regular file", () => {
    expect(bunker(["compile", "-o", "/dev/null", "true"]).stderr).toContain("it is not a regular file");
  });
});

const reason = whyNoSandbox();

describe.if(reason === "")("in a sandbox", () => {
  test("the exit status is the payload's, or says why there was none", () => {
    expect(bunker(["run", "sh", "-c", "exit 7"]).exitCode).toBe(7);
    expect(bunker(["run", "no-such-command"]).exitCode).toBe(127);
    expect(bunker(["run", "/etc/passwd"]).exitCode).toBe(126);
  });

  test("flags behind the command are the command's", () => {
    expect(bunker(["run", "echo", "--hostname", "-v"]).stdout).toBe("--hostname -v\n");
  });

  test("a TypeScript file runs on the Bun inside the binary", () => {
    file(
      "script.ts",
      'const all: string[] = process.argv.slice(2); console.log(all.join("+"), import.meta.path, process.env.PLANTED);',
    );
    const { stdout } = bunker(["run", "script.ts", "a", "b"], { cwd: scratch });
    // The bunfig.toml and the .env that were planted above are not read inside either.
    expect(stdout).toBe(`a+b ${join(scratch, "script.ts")} undefined\n`);
  });

  test("a script outside of the current directory is shown inside", () => {
    const script = file("script.sh", "echo $# from sh");
    expect(bunker(["run", script, "a"]).stdout).toBe("1 from sh\n");
  });

  test("a stranger's plugin contributes, and its hooks run", () => {
    const { exitCode, stdout, stderr } = bunker([
      "run",
      "--plugin",
      "examples/plugin-banner.ts",
      "--banner",
      "keep calm",
      "sh",
      "-c",
      "cat /etc/motd; echo $BANNER; exit 3",
    ]);
    expect([exitCode, stdout]).toEqual([3, "keep calm\nkeep calm\n"]);
    expect(stderr).toMatch(/^banner: started, pid \d+ outside\nbanner: exited with 3\n$/);
  });

  test("--timings prints every stage and hook", () => {
    const { stderr } = bunker(["run", "--timings", "true"]);
    for (const stage of ["resolve", "rootfs.plan", "assemble", "launch"]) expect(stderr).toContain(stage);
  });
});

// Tests that are skipped say why.
if (reason !== "") test.skip(`in a sandbox: ${reason}`, () => {});

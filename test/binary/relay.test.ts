/**
 * Files and terminals of the caller's stay outside: the payload has them at second hand (security.md, rows 3, 14 and 15).
 * @module
 */
import { expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { type BoxOptions, box, inShell } from "../support/box.ts";
import { type Caller, describeForCallers, ENVIRONMENT, SHARED_BINARY } from "../support/callers.ts";
import { keptDirectory } from "../support/kept.ts";
import { scratchDirectory } from "../support/scratch.ts";

const scratch = scratchDirectory();
const TEN_MEGABYTES = 10_000_000;
let files = 0;
const file = (content = ""): string => scratch.file(`file-${++files}`, content);

/** Each twice: planned, and started from what was kept; and by a supervisor that stays. */
const WAYS = [
  ["planned", []],
  ["kept", []],
  ["supervised", ["--plugin", scratch.plugin("hooked", "started() {}")]],
] as const;

describeForCallers("regular files as standard streams", (caller) => {
  const { environment } = keptDirectory(caller, scratch);
  /** A shell around bunker, with redirections. */
  const redirected = (redirections: string, command: readonly string[], options: BoxOptions = {}) =>
    box(caller, command, {
      ...options,
      env: environment,
      through: ["sh", "-c", `"$@" ${redirections}; exit $?`, "sh"],
    });

  for (const [way, flags] of WAYS) {
    test(`${way}: are pipes inside, and bytes go through in order`, () => {
      const [input, output, error] = [file("first\nsecond\n"), file(), file()];
      const script = "readlink /proc/self/fd/0 | cut -c1-5; cat; echo out; echo error >&2; exit 3";
      const redirections = `<${input} >${output} 2>${error}`;
      expect(redirected(redirections, ["sh", "-c", script], { flags }).exitCode).toBe(3);
      expect(readFileSync(output, "utf8")).toBe("pipe:\nfirst\nsecond\nout\n");
      expect(readFileSync(error, "utf8")).toBe("error\n");
    });

    test(`${way}: two streams into one file keep their order`, () => {
      const output = file();
      const script = "for n in 1 2 3 4 5 6 7 8 9; do echo out $n; echo error $n >&2; done";
      redirected(`>${output} 2>&1`, ["sh", "-c", script], { flags });
      const lines = readFileSync(output, "utf8").trim().split("\n");
      expect(lines).toEqual(Array.from({ length: 9 }, (_, index) => [`out ${index + 1}`, `error ${index + 1}`]).flat());
    });

    test(`${way}: ten megabytes go in and come out`, () => {
      const [input, output, error] = [file(), file(), file()];
      writeFileSync(input, new Uint8Array(TEN_MEGABYTES).fill(120));
      redirected(`<${input} >${output} 2>${error}`, ["sh", "-c", `tee /dev/stderr`], { flags });
      expect([statSync(output).size, statSync(error).size]).toEqual([TEN_MEGABYTES, TEN_MEGABYTES]);
    });
  }

  test("are appended to where the caller appends, and written where it is where it does not", () => {
    const output = file("before\n");
    redirected(`>>${output}`, ["echo", "appended"]);
    expect(readFileSync(output, "utf8")).toBe("before\nappended\n");
    const script = `exec 7>${output}; echo head >&7; "$@" >&7; echo tail >&7`;
    box(caller, ["echo", "middle"], { through: ["sh", "-c", script, "sh"] });
    expect(readFileSync(output, "utf8")).toBe("head\nmiddle\ntail\n");
  });

  test("cannot be opened again, read back or cut", () => {
    const output = file("a line of somebody else's\n");
    const script = "cat /proc/self/fd/1 </dev/null >/dev/null; : >/proc/self/fd/2; echo mine";
    // A pipe that is opened again for reading waits for its writers: it is one of them itself.
    redirected(`>>${output} 2>>${output}`, ["timeout", "1", "sh", "-c", script]);
    expect(readFileSync(output, "utf8")).toStartWith("a line of somebody else's\n");
  });

  test("a payload that does not read its input is not waited for", () => {
    const input = file();
    writeFileSync(input, new Uint8Array(TEN_MEGABYTES));
    expect(redirected(`<${input}`, ["sh", "-c", "exit 5"]).exitCode).toBe(5);
  });

  test("the end of the input is told", () => {
    expect(redirected(`<${file("x")}`, ["wc", "-c"]).stdout).toBe("1\n");
    expect(redirected(`<${file()}`, ["wc", "-c"]).stdout).toBe("0\n");
  });

  test("a full disk is an error of the payload's, and no hang", () => {
    expect(redirected(">/dev/full", ["sh", "-c", "echo x || exit 7"]).exitCode).toBe(7);
  });

  test("what is written before the end arrives, whoever ends it", () => {
    const output = file();
    redirected(`>${output}`, ["sh", "-c", "head -c 300000 /dev/zero; kill -9 $$"]);
    expect(statSync(output).size).toBe(300_000);
  });

  test("pipes and sockets are the caller's own", () => {
    const script = 'readlink /proc/self/fd/1 >&2; "$@"';
    const { stderr } = box(caller, ["sh", "-c", "readlink /proc/self/fd/1 >&2"], {
      through: ["sh", "-c", script, "sh"],
    });
    const [outside, inside] = stderr.trim().split("\n");
    expect(inside).toBe(outside);
  });
});

describeForCallers("--inherit-stdio", (caller) => {
  test("gives the payload the caller's own files", () => {
    const output = file();
    const flags = ["--inherit-stdio"];
    const through = inShell(`exec >${output}`);
    box(caller, ["sh", "-c", "readlink /proc/self/fd/1"], { flags, through });
    expect(readFileSync(output, "utf8")).not.toStartWith("pipe:");
  });

  test.each([["--tty"], ["--no-tty"]])("is not for somebody who asks for a terminal or none: %s", (flag) => {
    const { exitCode, stderr } = box(caller, ["true"], { flags: ["--inherit-stdio", flag] });
    expect([exitCode, stderr.includes("--inherit-stdio")]).toEqual([125, true]);
  });
});

/** Of a compiled one too. */
describeForCallers("a compiled sandbox", (caller: Caller) => {
  test("relays files", () => {
    const image = scratch.at(`image-${caller.name}`);
    Bun.spawnSync([SHARED_BINARY, "compile", "-o", image, "--", "sh", "-c"], { cwd: "/", env: ENVIRONMENT });
    const [input, output] = [file("in\n"), file()];
    const script = "readlink /proc/self/fd/1 | cut -c1-5; cat; exit 3";
    const through = ["sh", "-c", `"$@" <${input} >${output} 2>&1; exit $?`, "sh"];
    expect(box(caller, [script], { image, through }).exitCode).toBe(3);
    expect(readFileSync(output, "utf8")).toBe("pipe:\nin\n");
  });
});

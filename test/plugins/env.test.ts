import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ENV_FILE_BYTES_MAX } from "../../plugins/env/host.ts";
import env from "../../plugins/env/index.ts";
import { isName, parseVariable, VARIABLE_BYTES_MAX } from "../../plugins/env/names.ts";
import { fakeHost } from "../support/host.ts";
import { planOf, sectionOf } from "../support/plan.ts";

describe("env: plan", () => {
  test("gives what programs need, and nothing of the caller's", () => {
    expect(planOf(env)).toMatchInlineSnapshot(`
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
      HOME=/home/ann
      USER=ann
      LOGNAME=ann
      LANG=C.UTF-8
      TMPDIR=/tmp"
    `);
  });

  test("passes the kind of terminal where there is one", () => {
    expect(planOf(env, {}, { terminal: true })).toContain("\nTERM=xterm");
  });

  test("keeps the caller's language where every libc has it", () => {
    expect(planOf(env, {}, { host: fakeHost({ environment: { LANG: "C.utf8" } }) })).toContain("LANG=C.utf8");
  });

  test("sets a variable, or takes it from the caller; the last flag wins", () => {
    const both = sectionOf(env, ["env", "SECRET=mine"], ["env", "SECRET"]);
    expect(planOf(env, both)).toContain("SECRET=s3cret");
    expect(planOf(env, sectionOf(env, ["env", "SECRET"], ["env", "SECRET=mine"]))).toContain("SECRET=mine");
    expect(planOf(env, sectionOf(env, ["env", "A=b=c"], ["env", "EMPTY="]))).toEndWith("A=b=c\nEMPTY=");
  });

  test("lets -e replace what the sandbox sets", () => {
    const plan = planOf(env, { set: { PATH: "/x" } });
    expect(plan.match(/^PATH=.*/gm)).toEqual(["PATH=/x"]);
  });

  test("refuses a variable that the caller does not have", () => {
    expect(() => planOf(env, sectionOf(env, ["env", "UNSET"]))).toThrow("UNSET is not set");
  });

  test("--allow-env passes what is set, and goes on without what is not", () => {
    const plan = planOf(env, sectionOf(env, ["allow-env", "SECRET,UNSET"]));
    expect(plan).toContain("SECRET=s3cret");
    expect(plan).not.toContain("UNSET");
  });

  test("--allow-env=* passes everything with a proper name that the sandbox does not set itself", () => {
    const environment = { HOME: "/root", A: "1", "BASH_FUNC_f%%": "() {}", OLDPWD: "/secret" };
    const plan = planOf(env, sectionOf(env, ["allow-env", "*"]), { host: fakeHost({ environment }) });
    expect(plan).toEndWith("TMPDIR=/tmp\nA=1");
    expect(plan).toContain("HOME=/home/ann");
  });

  test("--allow-env takes a variable of the sandbox's own where it is named", () => {
    const host = fakeHost({ environment: { HOME: "/else" } });
    expect(planOf(env, sectionOf(env, ["allow-env", "HOME"]), { host })).toContain("HOME=/else");
  });

  test("reads files of variables, and -e wins over them", () => {
    const host = fakeHost({ nodes: { "/home/ann/work/vars": "=# comment\n\nA=1\r\nB= 'x' \nC=3\n" } });
    const plan = planOf(env, sectionOf(env, ["env", "C=4"], ["env-file", "vars"]), { host });
    expect(plan).toEndWith("A=1\nB= 'x' \nC=4");
  });

  test("names the line of a file that is wrong", () => {
    const host = fakeHost({ nodes: { "/vars": "=A=1\nexport B=2\n" } });
    expect(() => planOf(env, { files: ["/vars"] }, { host })).toThrow('line 2 of environment file "/vars"');
  });

  test("refuses a file that is missing or larger than its limit", () => {
    const sized = (bytes: number) => fakeHost({ nodes: { "/vars": `=#${"x".repeat(bytes - 1)}` } });
    expect(() => planOf(env, { files: ["/none"] })).toThrow("cannot be read");
    expect(() => planOf(env, { files: ["/vars"] }, { host: sized(ENV_FILE_BYTES_MAX + 1) })).toThrow("cannot be read");
    expect(() => planOf(env, { files: ["/vars"] }, { host: sized(ENV_FILE_BYTES_MAX) })).not.toThrow();
  });
});

describe("env: config", () => {
  test.each(["", "=x", "1A=x", "A-B=x", "A B", "Ä=1", "A=\0"])("refuses -e %p", (text) => {
    expect(() => sectionOf(env, ["env", text])).toThrow("NAME or NAME=VALUE");
  });

  test.each([{ set: { "A-B": "x" } }, { set: { A: "\0" } }, { pass: ["1"] }, { allow: ["A*"] }, { sets: {} }])(
    "refuses %j in a config",
    (section) => {
      expect(() => planOf(env, section)).toThrow();
    },
  );

  test("counts name, value and both separators in bytes", () => {
    const fits = "x".repeat(VARIABLE_BYTES_MAX - 3);
    expect(() => planOf(env, { set: { A: fits } })).not.toThrow();
    expect(() => planOf(env, { set: { A: `${fits}x` } })).toThrow("at most");
    expect(parseVariable(`A=${"é".repeat(VARIABLE_BYTES_MAX / 2 - 1)}`)).toBeUndefined();
  });

  test("reads back every variable", () => {
    const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]*$/);
    const value = fc.string({ unit: "binary" }).filter((text) => !text.includes("\0"));
    fc.assert(fc.property(name, value, (key, text) => expect(parseVariable(`${key}=${text}`)).toEqual([key, text])));
    fc.assert(fc.property(name, (key) => expect(isName(key)).toBe(true)));
  });
});

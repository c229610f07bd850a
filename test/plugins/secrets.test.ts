import { describe, expect, test } from "bun:test";
import secrets, { SECRETS_MAX } from "../../plugins/secrets.ts";
import { fakeHost } from "../support/host.ts";
import { planOf, sectionOf } from "../support/plan.ts";

const host = fakeHost({ nodes: { "/home/ann/work/key": "=s3cret of a file" } });

describe("secrets: plan", () => {
  test("is empty without any", () => {
    expect(planOf(secrets)).toBe("");
  });

  test("has names and where they come from, and never what they are", () => {
    const plan = planOf(secrets, sectionOf(secrets, ["secret", "key=./key"], ["secret", "token=env:SECRET"]), { host });
    expect(plan).toMatchInlineSnapshot(`
      "/run/secrets  tmpfs ro,noexec 67108864 bytes, 3 inodes, 0500
      secret key from /home/ann/work/key
      /run/secrets/key  file 0400 "<secret key>"
      secret token from $SECRET
      /run/secrets/token  file 0400 "<secret token>"
      run only: what they are is read when it starts"
    `);
    expect(plan).not.toContain("s3cret");
  });

  test("refuses what is not there", () => {
    expect(() => planOf(secrets, { files: { key: "/none" } }, { host })).toThrow('"/none" is not a regular file');
    expect(() => planOf(secrets, { files: { key: "/home" } }, { host })).toThrow("is not a regular file");
    expect(() => planOf(secrets, { files: { key: "env:NONE" } }, { host })).toThrow("no variable NONE");
  });
});

describe("secrets: config", () => {
  test.each(["a", "9", "A.b-c_d", "x".repeat(64)])("takes the name %p", (name) => {
    expect(planOf(secrets, sectionOf(secrets, ["secret", `${name}=./key`]), { host })).toContain(`secret ${name} from`);
  });

  test.each(["", ".", "..", ".x", "-x", "_x", "a/b", "a b", "é", "x".repeat(65)])("refuses the name %p", (name) => {
    expect(() => sectionOf(secrets, ["secret", `${name}=./key`])).toThrow("is not allowed");
    expect(() => planOf(secrets, { files: { [name]: "./key" } }, { host })).toThrow("is not allowed");
  });

  test.each([
    ["k=", "is empty"],
    ["k=a\nb", "control characters"],
    ["k=env:", "needs the name of a variable"],
    ["k=env:A=B", "needs the name of a variable"],
  ])("refuses %p", (given, problem) => {
    expect(() => sectionOf(secrets, ["secret", given])).toThrow(problem);
  });

  test("a file whose name starts with env: is written with its directory", () => {
    const files = fakeHost({ nodes: { "/home/ann/work/env:x": "=" } });
    expect(planOf(secrets, { files: { k: "./env:x" } }, { host: files })).toContain("from /home/ann/work/env:x");
  });

  test("refuses one that is given twice, and more than there is room for", () => {
    expect(() => sectionOf(secrets, ["secret", "a=./key"], ["secret", "a=./key"])).toThrow("given twice");
    const files = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, "./key"]));
    expect(() => planOf(secrets, { files: files(SECRETS_MAX) }, { host })).not.toThrow();
    expect(() => planOf(secrets, { files: files(SECRETS_MAX + 1) }, { host })).toThrow("at most 64");
  });

  test("does not repeat what may be the secret itself", () => {
    let message = "";
    try {
      sectionOf(secrets, ["secret", "hunter2"]);
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain("no equals sign");
    expect(message).not.toContain("hunter2");
  });
});

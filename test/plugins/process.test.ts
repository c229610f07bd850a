import { describe, expect, test } from "bun:test";
import noNewPrivs from "../../plugins/no_new_privs.ts";
import process from "../../plugins/process.ts";
import { planOf, sectionOf } from "../support/plan.ts";

describe("process: plan", () => {
  test("forbids core dumps, helpers of the host included, and sets the umask", () => {
    expect(planOf(process)).toMatchInlineSnapshot(`
      "limits  prlimit64(0, RLIMIT_CORE, {1, 1}, 0)  or ignore EPERM
      session  umask(022)"
    `);
  });
});

describe("no_new_privs: plan", () => {
  test("is always set", () => {
    expect(planOf(noNewPrivs)).toBe("newPrivileges allowed false");
  });

  test("is left out only when that is asked for by name", () => {
    const section = sectionOf(noNewPrivs, ["allow-new-privileges", "true"]);
    expect(planOf(noNewPrivs, section)).toStartWith("newPrivileges allowed true\nnote --allow-new-privileges");
  });
});

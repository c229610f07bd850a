import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import rlimits, { parseLimit } from "../../plugins/rlimits.ts";
import { planOf, sectionOf } from "../support/plan.ts";

describe("rlimits: plan", () => {
  test("limits processes, and nothing else, unless told otherwise", () => {
    expect(planOf(rlimits)).toMatchInlineSnapshot(`"limits  prlimit64(0, RLIMIT_NPROC, {1024:1024}, 0)"`);
  });

  test("takes the last limit of a name, also over the default", () => {
    const section = sectionOf(rlimits, ["ulimit", "nofile=1"], ["ulimit", "nproc=7"], ["ulimit", "nofile=256:512"]);
    expect(planOf(rlimits, section)).toMatchInlineSnapshot(`
      "limits  prlimit64(0, RLIMIT_NPROC, {7:7}, 0)
      limits  prlimit64(0, RLIMIT_NOFILE, {256:512}, 0)"
    `);
  });
});

describe("rlimits: config", () => {
  test.each([
    ["nofile=256", 256n, 256n],
    ["nofile=256:512", 256n, 512n],
    ["cpu=0", 0n, 0n],
    ["fsize=64m", 2n ** 26n, 2n ** 26n],
    ["as=1.5GiB:unlimited", 3n * 2n ** 29n, 2n ** 64n - 1n],
    ["core=-1", 2n ** 64n - 1n, 2n ** 64n - 1n],
    ["nproc=9223372036854775807", 2n ** 63n - 1n, 2n ** 63n - 1n],
  ])("%s", (text, soft, hard) => {
    expect(parseLimit(text)).toMatchObject({ soft, hard });
  });

  test.each([
    "",
    "nofile",
    "nofile=",
    "files=1",
    "NOFILE=1",
    "nofile=512:256",
    "nofile=unlimited:1",
    "nofile=1:2:3",
    "nofile=-2",
    "nofile=+1",
    "nofile=01",
    "nofile=1.5",
    "nofile=1k",
    "nofile= 1",
    "fsize=64x",
    "cpu=1e3",
    "nproc=99999999999999999999",
  ])("refuses %p", (text) => {
    expect(typeof parseLimit(text)).toBe("string");
    expect(() => sectionOf(rlimits, ["ulimit", text])).toThrow();
    expect(() => planOf(rlimits, { limits: [text] })).toThrow();
  });

  test("reads back every pair of numbers", () => {
    const number = fc.bigInt(0n, 10n ** 18n);
    fc.assert(
      fc.property(number, number, (one, other) => {
        const [soft, hard] = one <= other ? [one, other] : [other, one];
        expect(parseLimit(`sigpending=${soft}:${hard}`)).toEqual({ resource: "sigpending", soft, hard });
      }),
    );
  });
});

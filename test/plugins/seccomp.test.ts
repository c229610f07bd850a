import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import seccomp from "../../plugins/seccomp/index.ts";
import { decodePrebuilt } from "../../plugins/seccomp/prebuilt/decode.ts";
import { FILTERS as DEFAULT } from "../../plugins/seccomp/prebuilt/default.ts";
import { FILTERS as STRICT } from "../../plugins/seccomp/prebuilt/strict.ts";
import { CAPABILITIES } from "../../src/api.ts";
import { filterOf } from "../../src/seccomp/filter.ts";
import { decodeInstructions } from "../../src/seccomp/instruction.ts";
import { BUILTIN_PROFILES } from "../../src/seccomp/profiles/builtin.ts";
import { fakeHost } from "../support/host.ts";
import { type PlanOptions, planLaterOf, planOf, sectionOf } from "../support/plan.ts";
import { ARCHES } from "../support/seccomp.ts";

const GENERATOR = join(import.meta.dir, "../../scripts/gen-seccomp.ts");

const later = (section: object, options: PlanOptions = {}): Promise<string> => planLaterOf(seccomp, section, options);

/** The host's kernel, and a profile in ann's directory. */
const withFile = (profile: object | string, name = "p.json") =>
  fakeHost({
    nodes: {
      [`/home/ann/work/${name}`]: `=${typeof profile === "string" ? profile : JSON.stringify(profile)}`,
      "/proc/sys/kernel/osrelease": "=6.1.0-13-amd64\n",
    },
  });

const hidden = (text: string): string => text.replaceAll(/[0-9a-f]{64}/g, "HASH");

test("seccomp: --allow-userns opens what CAP_SYS_ADMIN opens, since the payload has that in a user namespace of its own", async () => {
  const [nested, admin, both] = [
    { userns: { nested: true } },
    { capabilities: { add: ["SYS_ADMIN"] } },
    { userns: { nested: true }, capabilities: { add: ["SYS_ADMIN"] } },
  ];
  const plan = await later({}, { sections: nested });
  expect(plan).toBe(await later({}, { sections: admin }));
  expect(plan).toBe(await later({}, { sections: both }));
  expect(plan).not.toBe(planOf(seccomp));
  expect(planOf(seccomp, {}, { sections: { userns: { nested: false } } })).toBe(planOf(seccomp));
});

describe("seccomp: plan", () => {
  test("installs the default profile, which is prebuilt", () => {
    expect(hidden(planOf(seccomp))).toMatchInlineSnapshot(`
      "seccomp seccomp {"profile":"default","instructions":120,"sha256":"HASH","log":false,"skipped":[]}
      seccomp  seccomp(SECCOMP_SET_MODE_FILTER, 0, [120, {120 instructions}])"
    `);
  });

  test("installs what was compiled for the host's architecture", () => {
    const plan = planOf(seccomp, {}, { host: fakeHost({ arch: "arm64" }) });
    expect(plan).toContain(DEFAULT.arm64.sha256);
  });

  test("installs nothing for none, and says so", () => {
    expect(planOf(seccomp, sectionOf(seccomp, ["seccomp", "none"]))).toBe(
      "note --seccomp none: every system call of the kernel is open to the payload.",
    );
  });

  test("hands to seccomp(2) the address of a struct sock_fprog", async () => {
    const { instructions } = STRICT.x64;
    expect(await later(sectionOf(seccomp, ["seccomp", "strict"]))).toContain(
      `seccomp(SECCOMP_SET_MODE_FILTER, 0, [${instructions}, {${instructions} instructions}])`,
    );
  });

  test("is wider for a payload with capabilities, and strict is not", async () => {
    const sections = { capabilities: { add: ["SYS_PTRACE", "net_raw"] } };
    const expected = filterOf(BUILTIN_PROFILES.default?.(["SYS_PTRACE", "NET_RAW"]) as never, "x64");
    expect(await later({}, { sections })).toContain(`"sha256":"${expected.sha256}"`);
    expect(await later({ profile: "strict" }, { sections })).toBe(await later({ profile: "strict" }));
  });

  test("is as wide as it gets with all of them", async () => {
    const all = filterOf(BUILTIN_PROFILES.default?.(CAPABILITIES) as never, "x64");
    expect(await later({}, { sections: { capabilities: { add: ["ALL"] } } })).toContain(all.sha256);
  });

  test("logs instead of denying when it is told to", async () => {
    expect(hidden(await later(sectionOf(seccomp, ["seccomp-log", "true"])))).toMatchInlineSnapshot(`
      "seccomp seccomp {"profile":"default","instructions":117,"sha256":"HASH","log":true,"skipped":[]}
      seccomp  seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, [117, {117 instructions}])
      note seccomp: calls are logged instead of denied: nothing is kept in."
    `);
  });
});

describe("seccomp: a file", () => {
  const profile = {
    defaultAction: "SCMP_ACT_ALLOW",
    architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
    flags: ["SECCOMP_FILTER_FLAG_LOG"],
    syscalls: [{ names: ["mkdir", "stat64", "no_such_call"], action: "SCMP_ACT_ERRNO" }],
  };

  test("is found from the current directory, and what may surprise of it is said", async () => {
    expect(hidden(await later({ profile: "p.json" }, { host: withFile(profile) }))).toMatchInlineSnapshot(`
      "seccomp seccomp {"profile":"p.json","instructions":9,"sha256":"HASH","log":false,"skipped":["stat64","no_such_call"]}
      seccomp  seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, [9, {9 instructions}])
      note seccomp: SCMP_ARCH_X86 is not let through: a call of another ABI ends the process.
      note seccomp: 2 names are no calls of this architecture: stat64, no_such_call."
    `);
  });

  test("is one of that name where it has a slash in it", async () => {
    expect(await later({ profile: "./default" }, { host: withFile(profile, "default") })).toContain('"./default"');
  });

  test("has conditions on the capabilities and on the kernel of this sandbox", async () => {
    const entries = (more: object) => ({
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_ERRNO", ...more }],
    });
    const sections = { capabilities: { add: ["KILL"] } };
    const planWith = (more: object, options: PlanOptions = {}) =>
      later({ profile: "p.json" }, { ...options, host: withFile(entries(more)) });
    const [there, without] = [await planWith({}), await planWith({ includes: { caps: ["CAP_KILL"] } })];
    expect(without).not.toBe(there);
    expect(await planWith({ includes: { caps: ["CAP_KILL"] } }, { sections })).toBe(there);
    expect(await planWith({ includes: { minKernel: "6.0" } })).toBe(there);
    expect(await planWith({ includes: { minKernel: "6.2" } })).toBe(without);
  });

  test.each<[string, object | string, string]>([
    ["is no JSON", "{", "is not JSON"],
    [
      "has a wrong field",
      { defaultAction: "SCMP_ACT_DENY" },
      'defaultAction: value "SCMP_ACT_DENY"; allowed: SCMP_ACT_KILL',
    ],
    ["denies what starts the command", { defaultAction: "SCMP_ACT_ERRNO" }, "never allows execve"],
    ["waits for answers", { defaultAction: "SCMP_ACT_NOTIFY" }, "nobody here answers notifications"],
  ])("is refused where it %s", async (_name, text, message) => {
    await expect(later({ profile: "p.json" }, { host: withFile(text) })).rejects.toThrow(message);
  });

  test("must allow more where the launcher has more to do behind it", async () => {
    const text = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["capset"], action: "SCMP_ACT_ERRNO" }] };
    const sections = { no_new_privs: { allow: true } };
    const refused = later({ profile: "p.json" }, { host: withFile(text), sections });
    await expect(refused).rejects.toThrow("never allows capset");
  });

  test.each([
    ["strct", "no such file"],
    ["/usr", "it is not a regular file"],
  ])("%s cannot be read", async (name, message) => {
    await expect(later({ profile: name }, { host: withFile({}) })).rejects.toThrow(message);
  });
});

describe("seccomp: config", () => {
  test.each(["", "a\nb"])("refuses the profile %p", (profile) => {
    expect(() => sectionOf(seccomp, ["seccomp", profile])).toThrow("default, strict, none, or a JSON file");
    expect(() => planOf(seccomp, { profile })).toThrow("default, strict, none, or a JSON file");
  });

  test("refuses a value for the switch", () => {
    expect(() => sectionOf(seccomp, ["seccomp-log", "no"])).toThrow("it is a switch");
  });
});

describe("seccomp: prebuilt filters", () => {
  test("are what the profiles compile to (npm run gen)", () => {
    const { exitCode, stderr } = Bun.spawnSync([process.execPath, GENERATOR, "--check"]);
    expect(stderr.toString()).toBe("");
    expect(exitCode).toBe(0);
  });

  test.each(ARCHES)("say of themselves on %s what the compiler says", (arch) => {
    const made = Object.entries({ default: DEFAULT, strict: STRICT }).map(([name, filters]) =>
      decodePrebuilt(name, filters, arch),
    );
    expect(made).toEqual(Object.values(BUILTIN_PROFILES).map((make) => filterOf(make([]), arch)));
    for (const { bytes, instructions } of made) expect(decodeInstructions(bytes)).toHaveLength(instructions);
  });
});

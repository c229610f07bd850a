import { describe, expect, test } from "bun:test";
import { assemble } from "../../../src/codegen/image.ts";
import { printOp } from "../../../src/ir/print.ts";
import { restrictPayload } from "../../../src/plan/lower/landlock.ts";
import { lowerForLaunch } from "../../../src/plan/lower/launch.ts";
import { lowerStandalone } from "../../../src/plan/lower/standalone.ts";
import type { Plan } from "../../../src/plan/plan.ts";
import { type PlanShape, planWith } from "../../support/landlock.ts";

const shown = (shape: PlanShape = {}): string =>
  restrictPayload(planWith(shape))
    .map((op) => (op.kind === "label" ? printOp(op) : `  ${printOp(op)}`))
    .join("\n");

const OFF = { fs: "off", tcp: "off", signal: "off", abstract: "off", unix: "off" } as const;
const HOST = { kind: "launch", caller: { uid: 7, gid: 7 }, terminal: false } as const;

describe("the calls for Landlock", () => {
  test("ask for the version, make the ruleset of that version or of one before, fill it and enforce it", () => {
    expect(shown()).toMatchInlineSnapshot(`
      "  landlock abi = landlock_create_ruleset(0, 0, LANDLOCK_CREATE_RULESET_VERSION)  or ignore any error
        if landlock abi >= 0 goto landlock: there
        landlock abi = 0
      landlock: there:
        if landlock abi <= 9 goto landlock: create
        landlock abi = 9
        goto landlock: create
      landlock: older:
        landlock abi = landlock abi - 1
      landlock: create:
        landlock attr = landlock abi << 5
        landlock attr = landlock attr + landlock_ruleset_attr[10]
        handled_access_fs = u64 landlock attr[0]
        handled_access_net = u64 landlock attr[8]
        handled at all = u64 landlock attr[16]
        handled at all = handled at all | handled_access_fs
        handled at all = handled at all | handled_access_net
        if handled at all == 0 goto landlock: created
        ruleset = landlock_create_ruleset(landlock attr, 24, 0)  or EINVAL → landlock: older
      landlock: created:
        if handled at all == 0 goto landlock: none
        if handled_access_fs == 0 goto landlock: no files
        rule = ["/", 13, 0]
      landlock: next path:
        rule path = u64 rule[0]
        if rule path == 0 goto landlock: paths done
        allowed_access = u64 rule[8]
        rule = rule + 16
        allowed_access = allowed_access & handled_access_fs
        u64 path_beneath[16][0] = allowed_access
        rule fd = openat2(AT_FDCWD, rule path, {O_PATH, RESOLVE_NO_MAGICLINKS}, 24)  or EACCES → landlock: next path
        u32 path_beneath[16][8] = rule fd
        landlock_add_rule(ruleset, LANDLOCK_RULE_PATH_BENEATH, path_beneath[16], 0)
        close(rule fd)
        goto landlock: next path
      landlock: paths done:
        stream = 0
      landlock: next stream:
        access = fcntl(stream, F_GETFL)  or EBADF → landlock: stream done
        statx(stream, "", AT_EMPTY_PATH, STATX_TYPE, statx[256])
        stdio mode = u16 statx[256][28]
        stdio mode = stdio mode & 61440
        allowed_access = READ_FILE|WRITE_FILE|IOCTL_DEV
        if stdio mode == 8192 goto landlock: stream rule
        access = access & 2097153
        if access != 0 goto landlock: stream done
        allowed_access = READ_FILE
      landlock: stream rule:
        allowed_access = allowed_access & handled_access_fs
        u64 path_beneath[16][0] = allowed_access
        u32 path_beneath[16][8] = stream
        landlock_add_rule(ruleset, LANDLOCK_RULE_PATH_BENEATH, path_beneath[16], 0)  or ignore EBADFD
      landlock: stream done:
        stream = stream + 1
        if stream <= 2 goto landlock: next stream
      landlock: no files:
        restrict flags = u64 landlock attr[24]
        landlock_restrict_self(ruleset, restrict flags)
      landlock: none:"
    `);
  });

  test("are nothing where nothing is wanted", () => {
    expect(shown({ levels: OFF })).toBe("");
    const { landlock: _, ...without } = planWith();
    expect(restrictPayload(without)).toEqual([]);
  });

  test("open no file where files are off", () => {
    const text = shown({ levels: { fs: "off" } });
    expect(text).not.toContain("openat2");
    expect(text).toContain("landlock_restrict_self");
  });

  test("have the ports as the kernel's structures, and close the ways around them", () => {
    const text = shown({ tcp: { connect: [443, 80], bind: [80, 0] } });
    expect(text).toContain("rule = [1, 0, 3, 80, 2, 443, 0]");
    expect(text).toContain("seccomp(SECCOMP_SET_MODE_FILTER, 0, [");
    expect(shown()).not.toContain("seccomp");
    expect(shown({ tcp: { connect: [] } })).toContain("rule = [0]");
  });

  test("end the start where something is required, and say so where it is preferred", () => {
    const text = shown({ levels: { fs: "required", signal: "preferred" }, log: true });
    expect(text).toContain("if landlock abi >= 5 goto landlock: has fs");
    expect(text).toContain("fail 95  # landlock: fs is required, but needs ABI 5, of Linux 6.10");
    expect(text).toContain("if landlock abi >= 6 goto landlock: has signal");
    expect(text).toMatch(/write\(2, "bunker: warning: landlock: signal is preferred, but needs/);
    expect(text).toContain("fail 95  # landlock: log is required, but needs ABI 7, of Linux 6.15");
    expect(shown()).not.toContain("fail");
  });

  test("require ports, unless their level says otherwise", () => {
    expect(shown({ tcp: { connect: [443] } })).toContain("tcp is required, but needs ABI 4, of Linux 6.7");
    expect(shown({ tcp: { connect: [443] }, levels: { tcp: "best-effort" } })).not.toContain("fail");
  });
});

describe("their place", () => {
  /** Names of the calls from the session on. */
  const order = (newPrivileges: boolean): readonly string[] => {
    const plan: Plan = { ...planWith(), newPrivileges: { allowed: newPrivileges, plugin: "no_new_privs" } };
    return lowerForLaunch(plan, HOST).ops.flatMap((op) => (op.kind === "syscall" ? [printOp(op)] : []));
  };
  const at = (calls: readonly string[], start: string): number => calls.findIndex((one) => one.startsWith(start));

  test("is after no_new_privs and before the payload", () => {
    const calls = order(false);
    const place = at(calls, "landlock_restrict_self");
    expect(at(calls, "prctl(PR_SET_NO_NEW_PRIVS")).toBeLessThan(place);
    // The payload's: init has one of its own, behind everything.
    expect(at(calls, "capset")).toBeLessThan(place);
    expect(place).toBeLessThan(at(calls, "execve"));
  });

  test("is before the capabilities go where new privileges are allowed: it takes one or the other", () => {
    const calls = order(true);
    expect(at(calls, "prctl(PR_SET_NO_NEW_PRIVS")).toBe(-1);
    expect(at(calls, "landlock_restrict_self")).toBeLessThan(at(calls, "capset"));
  });

  test("is in executables of their own too", () => {
    const text = lowerStandalone(planWith({ tcp: { connect: [443] } }))
      .ops.map(printOp)
      .join("\n");
    expect(text).toContain("landlock_restrict_self(ruleset, restrict flags)");
  });

  test.each(["x64", "arm64"] as const)("costs less than 2 KB of an image for %s", (arch) => {
    const image = (plan: Plan): number => assemble(lowerForLaunch(plan, HOST), arch).length;
    const { landlock: _, ...without } = planWith();
    expect(image(planWith()) - image(without)).toBeLessThan(2048);
  });
});

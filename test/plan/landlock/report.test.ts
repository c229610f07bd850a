import { describe, expect, test } from "bun:test";
import { errnos } from "../../../src/linux/errno.ts";
import { explainPlan, planToJson } from "../../../src/plan/explain.ts";
import { kernelText, reportLandlock } from "../../../src/plan/landlock/report.ts";
import { type PlanShape, planWith } from "../../support/landlock.ts";

const lines = (abi: number | undefined, shape: PlanShape = {}): readonly string[] =>
  reportLandlock(planWith(shape), abi).map(
    ({ feature, level, state, text }) => `${feature} ${level} ${state}: ${text}`,
  );

describe("a report on Landlock", () => {
  test("says what is in force and what is missing", () => {
    expect(lines(7)).toEqual([
      "fs best-effort in force: what the mounts allow, in 1 rules",
      "tcp required not asked for: every port",
      "signal best-effort in force: none leaves the sandbox",
      "abstract best-effort in force: no connection to an abstract socket outside",
      "unix best-effort missing: needs ABI 9, of Linux 7.1",
    ]);
  });

  test("names the rights that an older kernel does not know", () => {
    expect(lines(2)[0]).toBe(
      "fs best-effort in part: what the mounts allow, in 1 rules; without TRUNCATE, IOCTL_DEV: needs ABI 5, of Linux 6.10",
    );
    expect(lines(1)[0]).toBe("fs best-effort missing: needs ABI 5, of Linux 6.10");
  });

  test("says that a sandbox will not start where something is required", () => {
    const required = lines(4, { levels: { fs: "required", signal: "required" } });
    expect(required[0]).toEndWith(
      "without IOCTL_DEV: needs ABI 5, of Linux 6.10; it is required: the sandbox does not start",
    );
    expect(required[2]).toEndWith("missing: needs ABI 6, of Linux 6.12; it is required: the sandbox does not start");
  });

  test.each([
    [{ connect: [443, 8443] }, "connect to 443, 8443"],
    [{ connect: [], bind: [0] }, "connect to no port; bind to 0"],
  ])("lists ports: %j", (tcp, text) => {
    expect(lines(4, { tcp })[1]).toBe(`tcp required in force: ${text}`);
  });

  test("says where a mount stands alone, and what a capability does not help with", () => {
    const [fs] = lines(7, {
      root: { type: "directory", source: "/srv", readOnly: false },
      entries: [{ target: "/usr", type: "bind", source: "/usr", node: "directory", readOnly: true }],
      capabilities: [21],
    });
    expect(fs).toContain("held by the mount alone: /usr; nothing can be mounted, CAP_SYS_ADMIN or not");
  });

  test("promises nothing of a kernel that is not known", () => {
    expect(lines(undefined)[2]).toBe(
      "signal best-effort depends on the kernel: none leaves the sandbox; needs ABI 6, of Linux 6.12",
    );
  });

  test.each([
    [undefined, "where the kernel has it"],
    [7, "ABI 7 here"],
    [-errnos.ENOSYS, "not built into this kernel"],
    [-errnos.EOPNOTSUPP, "not enabled in this kernel: lsm=landlock,… at boot"],
    [-errnos.EPERM, "none here: EPERM"],
  ])("has words for a kernel that answers %p", (abi, text) => {
    expect(kernelText(abi)).toBe(text);
  });
});

describe("explain", () => {
  test("has a section for it", () => {
    const text = explainPlan(planWith({ levels: { unix: "off" } }), { landlockAbi: 5 });
    expect(text.slice(text.indexOf("landlock ("))).toMatchInlineSnapshot(`
      "landlock (ABI 5 here)
        fs        best-effort  in force: what the mounts allow, in 1 rules  landlock
        tcp       required     not asked for: every port                    landlock
        signal    best-effort  missing: needs ABI 6, of Linux 6.12          landlock
        abstract  best-effort  missing: needs ABI 6, of Linux 6.12          landlock
        unix      off                                                       landlock"
    `);
  });

  test("has none for a plan without", () => {
    const { landlock: _, ...plan } = planWith();
    expect(explainPlan(plan, { landlockAbi: 7 })).not.toContain("landlock");
    expect(JSON.parse(JSON.stringify(planToJson(plan, { landlockAbi: 7 })))).not.toHaveProperty("landlock");
  });

  test("tells machines the same, with every rule", () => {
    const { landlock } = JSON.parse(
      JSON.stringify(planToJson(planWith({ tcp: { connect: [443] } }), { landlockAbi: 5 })),
    );
    expect(landlock).toMatchObject({ plugin: "landlock", abi: 5, tcp: { connect: [443] }, log: false });
    expect(landlock.paths).toEqual([{ path: "/", rights: ["EXECUTE", "READ_FILE", "READ_DIR"] }]);
    expect(landlock.features.map(({ feature, state }: Record<string, string>) => [feature, state])).toEqual([
      ["fs", "in force"],
      ["tcp", "in force"],
      ["signal", "missing"],
      ["abstract", "missing"],
      ["unix", "missing"],
    ]);
    expect(landlock.features[2].needs).toEqual({ abi: 6, linux: "6.12" });
  });

  test("has no rules for files where they are off, and no negative version", () => {
    const plan = planWith({ levels: { fs: "off" } });
    expect(planToJson(plan, { landlockAbi: -38 }).landlock).toMatchObject({ paths: [], abi: 0 });
    expect(planToJson(plan).landlock).toMatchObject({ abi: null });
  });
});

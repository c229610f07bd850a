import { describe, expect, test } from "bun:test";
import { landlock, tcpPorts } from "../../../src/api.ts";
import type { Landlock } from "../../../src/plan/landlock/policy.ts";
import { mergePlan } from "../../../src/plan/merge.ts";
import { landlockOf, planWith, TMPFS_ROOT } from "../../support/landlock.ts";

const policy = ({ levels, log }: Landlock) => landlock({ levels, log });
const by = <T extends object>(plugin: string, contribution: T) => ({ ...contribution, plugin });

const merged = (...contributions: readonly Parameters<typeof mergePlan>[0]["contributions"][number][]) => {
  const { plugin: _, ...identity } = planWith().identity;
  return mergePlan({
    command: ["true"],
    supervisedBy: [],
    contributions: [
      by("userns", { kind: "identity", identity } as const),
      by("rootfs", { kind: "root", root: TMPFS_ROOT } as const),
      ...contributions,
    ],
  }).landlock;
};

describe("Landlock in a plan", () => {
  test("is nothing without a word of it", () => {
    expect(merged()).toBeUndefined();
  });

  test("has the ports of other plugins, each once and in order", () => {
    const plan = merged(
      by("landlock", policy(landlockOf())),
      by("network", tcpPorts("connect", [8443, 443, 443])),
      by("other", tcpPorts("bind", [])),
    );
    expect(plan).toEqual({ ...landlockOf({ tcp: { connect: [443, 8443], bind: [] } }), plugin: "landlock" });
  });

  test("takes two lists for one, where they say the same", () => {
    const plan = merged(
      by("landlock", policy(landlockOf())),
      by("network", tcpPorts("connect", [1, 2])),
      by("landlock", tcpPorts("connect", [2, 1])),
    );
    expect(plan?.tcp).toEqual({ connect: [1, 2] });
  });

  test("is a conflict where two plugins list other ports", () => {
    const two = () =>
      merged(
        by("landlock", policy(landlockOf())),
        by("network", tcpPorts("connect", [3128])),
        by("landlock", tcpPorts("connect", [443])),
      );
    expect(two).toThrow("conflict: network and landlock disagree on tcp ports to connect");
  });

  test("is a conflict where ports are listed that nothing would hold", () => {
    const off = policy(landlockOf({ levels: { tcp: "off" } }));
    expect(() => merged(by("landlock", off), by("network", tcpPorts("bind", [1])))).toThrow(
      "conflict: network and landlock disagree on landlock: tcp",
    );
    expect(() => merged(by("network", tcpPorts("bind", [1])))).toThrow("network and landlock");
  });
});

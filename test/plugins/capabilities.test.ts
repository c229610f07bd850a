import { describe, expect, test } from "bun:test";
import capabilities from "../../plugins/capabilities.ts";
import { CAPABILITIES } from "../../src/api.ts";
import { ANN, planOf, sectionOf } from "../support/plan.ts";

const all = CAPABILITIES.map((_, number) => number);

describe("capabilities: plan", () => {
  test("gives none without being asked", () => {
    expect(planOf(capabilities)).toBe("");
    expect(planOf(capabilities, { drop: ["ALL"] })).toBe("");
  });

  test.each(["NET_RAW", "CAP_NET_RAW", "net_raw", "cap_net_raw"])("knows %s", (name) => {
    expect(planOf(capabilities, sectionOf(capabilities, ["cap-add", name]))).toBe("capabilities numbers [13]");
  });

  test("gives all but what is dropped", () => {
    const section = sectionOf(capabilities, ["cap-add", "ALL"], ["cap-drop", "CHOWN"]);
    expect(planOf(capabilities, section)).toStartWith(`capabilities numbers [${all.slice(1).join()}]`);
  });

  test("gives what is named, also where all others are dropped", () => {
    expect(planOf(capabilities, { add: ["KILL", "CHOWN", "KILL"], drop: ["ALL"] })).toBe("capabilities numbers [0,5]");
  });
});

describe("capabilities: CAP_SYS_RESOURCE", () => {
  const note = "note CAP_SYS_RESOURCE: the payload may lift the limit on user namespaces";
  const section = { add: ["SYS_RESOURCE"] };

  test("gives a note that it can lift the limit on user namespaces", () => {
    expect(planOf(capabilities, section)).toContain(note);
    expect(planOf(capabilities, { add: ["SYS_ADMIN"] })).not.toContain("user namespaces");
  });

  test("gives none where there is no such limit", () => {
    expect(planOf(capabilities, section, { identity: { ...ANN, nested: true } })).not.toContain("note");
    expect(planOf(capabilities, section, { identity: { ...ANN, outside: "host" } })).not.toContain("note");
  });
});

test("capabilities: CAP_SYS_ADMIN gives a note that read-only mounts do not hold against it", () => {
  expect(planOf(capabilities, { add: ["SYS_ADMIN"] })).toContain("note CAP_SYS_ADMIN: the payload may remount");
});

describe("capabilities: config", () => {
  test("names the nearest capability for one that it does not know", () => {
    expect(() => sectionOf(capabilities, ["cap-add", "CAP_NET_ADMN"])).toThrow("nearest is NET_ADMIN");
    expect(() => planOf(capabilities, { drop: ["SYS_PTRAC"] })).toThrow("nearest is SYS_PTRACE");
  });

  test.each(["", "CAP_", "CAP_CAP_CHOWN", "0"])("refuses %p", (name) => {
    expect(() => sectionOf(capabilities, ["cap-drop", name])).toThrow("nearest is");
  });

  test("refuses to both add and drop one", () => {
    expect(() => planOf(capabilities, { add: ["CHOWN"], drop: ["cap_chown"] })).toThrow("both added and dropped");
  });
});

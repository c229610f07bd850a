import { describe, expect, test } from "bun:test";
import noNewPrivs from "../../plugins/no_new_privs.ts";
import process from "../../plugins/process.ts";
import { planOf, sectionOf } from "../support/plan.ts";

describe("process: plan", () => {
  test("forbids core dumps, helpers of the host included, and sets the umask", () => {
    expect(planOf(process)).toMatchInlineSnapshot(`
      "oomScore atLeast 300
      limits  prlimit64(0, RLIMIT_CORE, {1, 1}, 0)  or ignore EPERM
      limits  nice = getpriority(PRIO_PROCESS, 0)
      limits  if nice <= 20 goto nice is not negative
      limits  setpriority(PRIO_PROCESS, 0, 0)
      limits  nice is not negative:
      limits  sched_setscheduler(0, SCHED_OTHER, {sched_priority=0})  or ignore EPERM
      limits  ioprio = ioprio_get(IOPRIO_WHO_PROCESS, 0)  or ignore ENOSYS
      limits  ioprio class = ioprio >> 13
      limits  if ioprio class != 1 goto I/O is not real-time
      limits  ioprio_set(IOPRIO_WHO_PROCESS, 0, 0)
      limits  I/O is not real-time:
      session  umask(022)
      session  personality(PER_LINUX)"
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

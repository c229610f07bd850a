/**
 * Descriptors of the payload: 0 to 2, and none that is a way out (security.md, rows 1 and 2).
 * @module
 */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { box, python } from "../support/box.ts";
import { describeForCallers, testWith } from "../support/callers.ts";
import { scratchDirectory } from "../support/scratch.ts";

const scratch = scratchDirectory();

/** 3 is the directory that is listed. */
const LIST = "import json, os; print(json.dumps(sorted(map(int, os.listdir('/proc/self/fd')))))";

describeForCallers("descriptors", (caller) => {
  testWith(["python3"], "are 0, 1 and 2, whatever the caller has open", () => {
    const through = ["bash", "-c", 'exec 5</etc 9</etc/passwd 77>/dev/null; exec "$@"', "bash"];
    for (const flags of [[], ["--no-init"], ["-v", `${scratch.path}:/data`]])
      expect(python(caller, LIST, { through, flags })).toEqual([0, 1, 2, 3]);
  });

  test.each([
    ["standard input", "0<&9"],
    ["standard output", "1>&9"],
    ["standard error", "2>&9"],
  ])("a directory on %s is refused", (_name, redirection) => {
    const words = `exec 8>&2 9<${scratch.path}; "$@" ${redirection}; echo "status $?" >&8`;
    const { stderr } = box(caller, ["true"], { through: ["bash", "-c", words, "bash"] });
    expect(stderr).toContain("status 125");
  });

  test.each(["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])("that are closed lead nowhere: %s", (closed) => {
    const report = scratch.file(`closed-${caller.name}`, "");
    const script = "for fd in 0 1 2 3 4 5 6; do readlink /proc/$$/fd/$fd >>/report; done; exit 4";
    const through = ["bash", "-c", `"$@" ${closed}; exit $?`, "bash"];
    const { exitCode } = box(caller, ["sh", "-c", script], { through, flags: ["-v", `${report}:/report`] });
    expect(exitCode).toBe(4);
    const leads = readFileSync(report, "utf8").split("\n").filter(Boolean);
    // Nothing of bunker's own stands on a number that was free.
    for (const lead of leads) expect(lead).toMatch(/^(pipe:|socket:|\/dev\/null$|\/report$)/);
    expect(leads.length).toBeLessThanOrEqual(4);
  });
});

/**
 * Parts of the kernel that untrusted code has no business with: each has been a way out.
 *
 * io_uring (operations that seccomp does not see), user namespaces (CVE-2022-0185, CVE-2022-0492: capabilities over the kernel), keyrings
 * (possession outlives namespaces), AF_ALG (CVE-2026-31431), AF_VSOCK, AF_PACKET (CVE-2026-31504), clone3 (CVE-2021-41133, Flatpak),
 * core_pattern, modprobe and release_agent (CVE-2022-0492, CVE-2022-0811). Calls of i386 and x32
 * (firejail 87, kafel 19) have a file of their own, test/kernel/seccomp-abi.test.ts.
 * @module
 */
import { expect, test } from "bun:test";
import { box, python, shell } from "../support/box.ts";
import { describeForCallers, testWith } from "../support/callers.ts";
import { outcomesOf, type SystemCall } from "../support/system-calls.ts";

const CALLS: readonly SystemCall[] = [
  ["io_uring_setup", 1, 0],
  ["io_uring_enter", 0, 0, 0, 0, 0, 0],
  ["io_uring_register", 0, 0, 0, 0],
  ["unshare", 0x1000_0000],
  ["clone", 0x1000_0011],
  ["setns", 0, 0],
  ["keyctl", 0, -3, 0],
  ["keyctl", 1, 0],
  ["add_key", 0, 0, 0, 0, 0],
  ["request_key", 0, 0, 0, 0],
  ["bpf", 0, 0, 0],
  ["perf_event_open", 0, 0, -1, -1, 0],
  ["userfaultfd", 0],
  ["mount", 0, 0, 0, 0, 0],
  ["fsopen", 0, 0],
  ["init_module", 0, 0, 0],
  ["kexec_load", 0, 0, 0, 0],
  ["open_by_handle_at", -1, 0, 0],
  ["quotactl", 0, 0, 0, 0],
  ["acct", 0],
];
const DENIED = ["EPERM", "ENOSYS"];

describeForCallers("the kernel", (caller) => {
  for (const flags of [[], ["--user", "root"], ["--network", "host", "--pid", "host"]])
    testWith(
      ["python3"],
      `does not hear of ${CALLS.length} calls${flags.length > 0 ? `, with ${flags.join(" ")} either` : ""}`,
      () => {
        const outcomes = outcomesOf(caller, CALLS, { flags });
        expect(Object.values(outcomes).filter((outcome) => !DENIED.includes(outcome as string))).toEqual([]);
      },
    );

  testWith(["python3"], "opens no socket of a family that has no namespace or no need", () => {
    const families = `
import errno, json, socket
found = {}
for family in range(1, 46):
    try: socket.socket(family, socket.SOCK_DGRAM); found[family] = "ok"
    except OSError as error: found[family] = errno.errorcode.get(error.errno, "?")
print(json.dumps([family for family, outcome in found.items() if outcome == "ok"]))`;
    // UNIX, INET, INET6; NETLINK is asked for with its protocol 0, which is ROUTE.
    expect(python(caller, families)).toEqual([1, 2, 10, 16]);
  });

  test("runs no program of the payload's choice: what is written to sysctls goes nowhere", () => {
    const paths = "core_pattern modprobe hotplug poweroff_cmd sysrq panic ns_last_pid";
    for (const flags of [[], ["--user", "root"]]) {
      const script = `for name in ${paths}; do (echo /tmp/x >/proc/sys/kernel/$name) 2>/dev/null && echo $name; done; (echo c >/proc/sysrq-trigger) 2>/dev/null && echo sysrq; (echo x >/proc/sys/fs/binfmt_misc/register) 2>/dev/null && echo binfmt; exit 0`;
      expect(shell(caller, script, { flags })).toBe("");
    }
  });

  test("shows no cgroup to write to: no release_agent, no way into another one", () => {
    const script =
      "grep -c ' - cgroup' /proc/self/mountinfo; find / -xdev -name release_agent -o -name cgroup.procs 2>/dev/null | head -1; test -e /sys/fs/cgroup && echo sys; exit 0";
    for (const flags of [[], ["--user", "root"], ["--cgroupns", "host"]])
      expect(shell(caller, script, { flags })).toBe("0");
  });

  test("dumps no core into a helper on the host", () => {
    const { stdout } = box(caller, ["sh", "-c", "ulimit -Sc; ulimit -Hc; sh -c 'kill -SEGV $$'; echo $?"]);
    // 1 byte: less than any file, and still no helper is started (core(5)).
    expect(stdout).toMatch(/^[01]\n[01]\n139\n$/);
  });
});

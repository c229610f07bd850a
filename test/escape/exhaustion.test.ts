/**
 * Using up what the host has: processes, descriptors, memory file systems, terminals.
 * @module
 */
import { expect, test } from "bun:test";
import { statfsSync } from "node:fs";
import { box, python, shell } from "../support/box.ts";
import { describeForCallers, testWith } from "../support/callers.ts";

describeForCallers("exhaustion", (caller) => {
  testWith(["python3"], "of processes ends at a limit, and at once for everybody when the payload ends", () => {
    const bomb = `
import json, os, time
count = 0
try:
    while count < 5000:
        if os.fork() == 0: time.sleep(60); os._exit(0)
        count += 1
except BlockingIOError: pass
print(json.dumps(count))`;
    expect(python(caller, bomb)).toBeLessThan(1024);
    // Whoever started it can still start something.
    expect(box(caller, ["true"]).exitCode).toBe(0);
  });

  testWith(["python3"], "of descriptors ends at the caller's limit", () => {
    const open = `
import json, os
count = 0
try:
    while True: os.open("/dev/null", 0); count += 1
except OSError: pass
print(json.dumps(count))`;
    const through = ["sh", "-c", 'ulimit -n 256; exec "$@"', "sh"];
    expect(python(caller, open, { through })).toBeLessThanOrEqual(256);
  });

  test("of memory file systems ends at their sizes and their numbers of files", () => {
    for (const directory of ["/tmp", "/run", "/dev/shm", "$HOME"]) {
      const fill = `head -c 1G /dev/zero >${directory}/big 2>/dev/null; stat -c %s ${directory}/big`;
      expect(Number(shell(caller, fill))).toBeLessThanOrEqual(64 * 2 ** 20);
    }
    // As many names as it has inodes, and no more.
    const many = "cd /tmp; seq 70000 | xargs touch 2>/dev/null; ls | wc -l";
    expect(Number(shell(caller, many))).toBeLessThan(65_536);
    expect(statfsSync("/").bfree).toBeGreaterThan(0);
  });

  test("of /dev is not possible: there is room for names alone, and they are taken", () => {
    expect(box(caller, ["sh", "-c", "echo x >/dev/file"]).exitCode).not.toBe(0);
  });

  testWith(["python3"], "of terminals ends below what the host has", () => {
    const open = `
import json, os
count = 0
try:
    while count < 5000: os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY); count += 1
except OSError: pass
print(json.dumps(count))`;
    expect(python(caller, open)).toBeLessThanOrEqual(64);
  });
});

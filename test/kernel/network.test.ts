/**
 * The network namespace: loopback of the sandbox's own, and nothing of the host's.
 * @module
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readlinkSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { python, shell } from "../support/box.ts";
import { describeForCallers, testWith } from "../support/callers.ts";

const ABSTRACT = `bunker-test-${process.pid}`;

const CONNECT_LOOPBACK = `
import json, socket
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
server.accept()[0].send(b"hello")
print(json.dumps(client.recv(5).decode()))`;

const connect = (family: string, address: string): string => `
import json, socket
connection = socket.socket(socket.${family})
connection.settimeout(2)
print(json.dumps(connection.connect_ex(${address})))`;

const INTERFACES = "import json, socket; print(json.dumps([name for _, name in socket.if_nameindex()]))";
const ECONNREFUSED = 111;
const ENETUNREACH = 101;

let tcp: Bun.TCPSocketListener | undefined;
let holder: Bun.Subprocess | undefined;

beforeAll(async () => {
  tcp = Bun.listen({ hostname: "0.0.0.0", port: 0, socket: { data() {} } });
  const listen = `import socket, sys
s = socket.socket(socket.AF_UNIX); s.bind("\\0${ABSTRACT}"); s.listen(); print("ready", flush=True); sys.stdin.read()`;
  const child = Bun.spawn(["python3", "-c", listen], { stdin: "pipe", stdout: "pipe" });
  holder = child;
  await child.stdout.getReader().read();
});

afterAll(() => {
  tcp?.stop(true);
  holder?.kill();
});

describeForCallers("the network namespace", (caller) => {
  test("is another one than the host's", () => {
    expect(shell(caller, "readlink /proc/self/ns/net")).not.toBe(readlinkSync("/proc/self/ns/net"));
  });

  testWith(["python3"], "has loopback and no other interface, and no route", () => {
    expect(python(caller, INTERFACES)).toEqual(["lo"]);
    expect(python(caller, connect("AF_INET", '("192.0.2.1", 80)'))).toBe(ENETUNREACH);
  });

  testWith(["python3"], "has a loopback that is up", () => {
    expect(python(caller, CONNECT_LOOPBACK)).toBe("hello");
    expect(python(caller, CONNECT_LOOPBACK.replace('"127.0.0.1"', '"localhost"'))).toBe("hello");
  });

  testWith(["python3"], "does not reach what listens on the host's loopback", () => {
    expect(python(caller, connect("AF_INET", `("127.0.0.1", ${tcp?.port})`))).toBe(ECONNREFUSED);
  });

  testWith(["python3"], "does not reach abstract sockets of the host", () => {
    expect(python(caller, connect("AF_UNIX", `"\\0${ABSTRACT}"`))).toBe(ECONNREFUSED);
    expect(shell(caller, "cat /proc/net/unix")).not.toContain(ABSTRACT);
  });

  testWith(["python3"], "lets no payload change it, not even one that is root inside", () => {
    // SIOCSIFFLAGS on lo, with no flag set: down.
    const down = `
import fcntl, json, socket, struct
try: fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sH22x", b"lo", 0)); print(json.dumps("down"))
except PermissionError: print(json.dumps("refused"))`;
    for (const flags of [[], ["--user", "root"]]) expect(python(caller, down, { flags })).toBe("refused");
  });
});

describeForCallers("--network host", (caller) => {
  const flags = ["--network", "host"];

  testWith(["python3"], "has the host's interfaces and reaches its loopback", () => {
    expect(shell(caller, "readlink /proc/self/ns/net", { flags })).toBe(readlinkSync("/proc/self/ns/net"));
    const others = Object.keys(networkInterfaces()).filter((name) => name !== "lo");
    expect(python(caller, INTERFACES, { flags })).toEqual(expect.arrayContaining(others));
    expect(python(caller, connect("AF_INET", `("127.0.0.1", ${tcp?.port})`), { flags })).toBe(0);
    // With Landlock its abstract sockets are out of reach (landlock-scope.test.ts).
    const without = [...flags, "--landlock", "off"];
    expect(python(caller, connect("AF_UNIX", `"\\0${ABSTRACT}"`), { flags: without })).toBe(0);
  });
});

/**
 * Ordinary programs under the filter: a profile that they do not work with would be turned off.
 * @module
 */

import { expect, test } from "bun:test";
import { Glob } from "bun";
import { boxed, shell } from "../support/box.ts";
import { type Caller, describeForCallers, testWith } from "../support/callers.ts";
import { scratchDirectory } from "../support/scratch.ts";

const scratch = scratchDirectory();

const PROFILES = ["default", "strict"] as const;

const SHELL = `
set -e; cd /tmp
cp -a /bin/ls ls; cat ls | cksum > sums; ln -s sums link; mv sums moved; mkfifo pipe; chmod 1777 .
(sleep 5 & kill $!; wait $! || true)
tar cf all.tar moved link && mkdir out && tar xpf all.tar -C out && ls out
nice -n 3 sh -c 'trap "echo trapped" USR1; kill -USR1 $$'
timeout 5 true; ulimit -n; df . >/dev/null; id -u >/dev/null; du -s /usr/share/doc >/dev/null 2>&1 || true; date +%Y | wc -l`;

const PYTHON = `
import concurrent.futures, multiprocessing, os, signal, subprocess, sys, tempfile, threading, time, mmap, fcntl
pool = concurrent.futures.ThreadPoolExecutor(4)
print(sum(pool.map(abs, range(-100, 0))))
print(multiprocessing.get_context("fork").Pool(2).map(abs, [-1, -2]))
print(subprocess.check_output(["sh", "-c", "echo child"]).decode().strip())
pid = os.fork()
if pid == 0: os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
with tempfile.TemporaryFile() as file:
    file.write(b"x" * 4096); file.flush(); fcntl.flock(file, fcntl.LOCK_EX)
    print(len(mmap.mmap(file.fileno(), 0)))
signal.signal(signal.SIGALRM, lambda *_: print("alarm")); signal.setitimer(signal.ITIMER_REAL, 0.01); time.sleep(0.1)`;

const NODE = `
const { Worker } = require("node:worker_threads");
const { execSync, fork } = require("node:child_process");
const { readFile, watch } = require("node:fs");
const worker = new Worker("require('node:worker_threads').parentPort.postMessage(6 * 7)", { eval: true });
worker.on("message", (answer) => {
  readFile("/etc/hostname", "utf8", (error, text) => {
    let compiled = 0;
    for (let round = 0; round < 1e6; round++) compiled += round & 1;
    console.log(answer, error, text.trim(), execSync("echo child").toString().trim(), compiled);
  });
});`;

const BUN = `
import { Database } from "bun:sqlite";
const worker = new Worker(URL.createObjectURL(new Blob(["postMessage(6 * 7)"])));
const answer = await new Promise((resolve) => { worker.onmessage = ({ data }) => resolve(data); });
worker.terminate();
const child = Bun.spawn(["echo", "child"]);
const row = new Database(":memory:").query("select 1 as one").get();
await Bun.write("/tmp/file", "written");
console.log(answer, (await new Response(child.stdout).text()).trim(), JSON.stringify(row), await Bun.file("/tmp/file").text());`;

const GIT = `
set -e; cd /tmp; git config --global user.name a; git config --global user.email a@b; git init -q one; cd one
echo 1 > file; git add file; git commit -qm first; git branch other; echo 2 >> file; git commit -qam second
git checkout -q other; git merge -q -; git gc -q; git clone -q /tmp/one /tmp/two; cat /tmp/two/file; git log --oneline | wc -l`;

const GCC = `
set -e; cd /tmp
printf '#include <pthread.h>\\n#include <stdio.h>\\nstatic void *go(void *x) { return x; }\\nint main(void) { pthread_t t; void *r; pthread_create(&t, 0, go, "compiled"); pthread_join(t, &r); puts(r); }' > main.c
gcc -O2 -pthread main.c -o main; ./main`;

/** A server in Python, and curl as its client. */
const HTTPS = `
import http.server, ssl, subprocess, threading
subprocess.run("openssl req -x509 -newkey rsa:2048 -nodes -keyout /tmp/k -out /tmp/c -days 1 -subj /CN=localhost "
  "-addext subjectAltName=DNS:localhost", shell=True, check=True, stderr=subprocess.DEVNULL)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_response(200); self.end_headers(); self.wfile.write(b"served")
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); context.load_cert_chain("/tmp/c", "/tmp/k")
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.handle_request).start()
print(subprocess.check_output(["curl", "-s", "--cacert", "/tmp/c", f"https://localhost:{server.server_port}/"]).decode())`;

const POSTGRES = `
set -e; PATH="$1:$PATH"; cd /tmp
initdb -D db -A trust >/dev/null
pg_ctl -D db -o "-k /tmp -h 127.0.0.1" -l log -w start >/dev/null
psql -h /tmp -d postgres -Atc "create table t as select generate_series(1, 1000) n; select sum(n) from t" | tail -1
psql -h 127.0.0.1 -d postgres -Atc "select 'by tcp'"
pg_ctl -D db stop -m fast >/dev/null`;

const postgres = [...new Glob("/usr/lib/postgresql/*/bin/initdb").scanSync("/")].at(-1)?.replace(/\/initdb$/, "");

describeForCallers("under the seccomp filter", (caller) => {
  const under = (profile: string, ...flags: readonly string[]) => ({ flags: ["--seccomp", profile, ...flags] });
  const python = (on: Caller, script: string, options: object): string => boxed(on, ["python3", "-c", script], options);

  for (const profile of PROFILES) {
    test(`${profile}: the shell and its tools work`, () => {
      const lines = shell(caller, SHELL, under(profile)).split("\n");
      expect([...lines.slice(0, 3), lines.at(-1)]).toEqual(["link", "moved", "trapped", "1"]);
    });

    testWith(["python3"], `${profile}: Python works, with threads and processes`, () => {
      const text = python(caller, PYTHON, under(profile));
      expect(text.split("\n")).toEqual(["5050", "[1, 2]", "child", "7", "4096", "alarm"]);
    });

    testWith(["node"], `${profile}: Node works, with workers, children and its compilers`, () => {
      expect(boxed(caller, ["node", "-e", NODE], under(profile))).toBe("42 null bunker child 500000");
    });

    test(`${profile}: a script works on the Bun inside of the binary, with workers and children`, () => {
      const script = scratch.file(`${profile}.ts`, BUN);
      expect(boxed(caller, [script], under(profile))).toBe('42 child {"one":1} written');
    });

    testWith(["git"], `${profile}: git works`, () => {
      expect(shell(caller, GIT, under(profile))).toBe("1\n2\n2");
    });

    testWith(["gcc"], `${profile}: gcc works, and what it makes`, () => {
      expect(shell(caller, GCC, under(profile))).toBe("compiled");
    });
  }

  testWith(["python3", "curl", "openssl"], "a server and curl speak HTTPS over loopback", () => {
    expect(python(caller, HTTPS, {})).toBe("served");
  });

  if (postgres === undefined) test.skip("PostgreSQL works: it is not installed", () => {});
  else
    test("PostgreSQL works, by TCP and by its socket", () => {
      const flags = ["--tmpfs", "/tmp:size=512m"];
      expect(boxed(caller, ["sh", "-c", POSTGRES, "sh", postgres], { flags })).toBe("500500\nby tcp");
    });
});

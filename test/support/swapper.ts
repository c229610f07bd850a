/**
 * Somebody outside who exchanges names as fast as the kernel lets them: what a mount must not be led astray by.
 * @module
 */
import { eventually } from "./processes.ts";

/** renameat2(2) with RENAME_EXCHANGE: at every moment both names are there. */
const SCRIPT = `
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
pairs = [(a.encode(), b.encode()) for a, b in zip(sys.argv[1::2], sys.argv[2::2])]
print("swapping", flush=True)
while True:
    for a, b in pairs:
        libc.renameat2(-100, a, -100, b, 2)
`;

export interface Swapper extends AsyncDisposable {
  /** It is still at work. */
  readonly isRunning: () => boolean;
}

/** Exchanges the two paths of each pair until it is disposed. */
export const swap = async (...pairs: readonly (readonly [string, string])[]): Promise<Swapper> => {
  const child = Bun.spawn(["python3", "-c", SCRIPT, ...pairs.flat()], { stdio: ["ignore", "pipe", "inherit"] });
  const reader = child.stdout.getReader();
  await reader.read();
  return {
    isRunning: () => child.exitCode === null,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      await eventually(() => child.exitCode !== null || child.signalCode !== null);
    },
  };
};

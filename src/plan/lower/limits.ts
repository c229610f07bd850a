/**
 * Resource limits that the launcher itself has to set right.
 * @module
 */
import { bytes, flags } from "../../ir/build.ts";
import { call } from "../../ir/calls.ts";
import type { Op } from "../../ir/op.ts";
import { RLIMIT_NOFILE } from "../../linux/process.ts";

/** `struct rlimit64 { u64 rlim_cur, rlim_max }`. */
const rlimit = (soft: number, hard: number): Uint8Array =>
  new Uint8Array(new BigUint64Array([BigInt(soft), BigInt(hard)]).buffer);

/** Bun raises the soft limit to the hard one at its start, and programs that use select(2) break above 1024. */
export const restoreNofile = ({ soft, hard }: { readonly soft: number; readonly hard: number }): Op =>
  call("prlimit64", [
    0,
    flags({ RLIMIT_NOFILE }),
    bytes(rlimit(soft, hard), `{rlim_cur=${soft}, rlim_max=${hard}}`),
    0,
  ]);

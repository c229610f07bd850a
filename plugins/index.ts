/**
 * The plugins that are always there, in the order in which they are asked.
 * @module
 */
import type { Plugin } from "../src/api.ts";
import capabilities from "./capabilities.ts";
import cgroupns from "./cgroupns.ts";
import devices from "./devices.ts";
import env from "./env/index.ts";
import hostname from "./hostname.ts";
import ipc from "./ipc.ts";
import keyring from "./keyring.ts";
import landlock from "./landlock/index.ts";
import network from "./network.ts";
import noNewPrivs from "./no_new_privs.ts";
import pid from "./pid.ts";
import proc from "./proc.ts";
import process from "./process.ts";
import rlimits from "./rlimits.ts";
import rootfs from "./rootfs/index.ts";
import seccomp from "./seccomp/index.ts";
import secrets from "./secrets.ts";
import stdio from "./stdio.ts";
import sysfs from "./sysfs.ts";
import timens from "./timens.ts";
import userns from "./userns/index.ts";

export const builtinPlugins: readonly Plugin[] = [
  userns,
  pid,
  ipc,
  network,
  cgroupns,
  timens,
  hostname,
  rootfs,
  secrets,
  proc,
  sysfs,
  devices,
  stdio,
  env,
  process,
  keyring,
  rlimits,
  capabilities,
  noNewPrivs,
  landlock,
  seccomp,
];

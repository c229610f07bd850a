/**
 * Capabilities and their numbers.
 *
 * Source: include/uapi/linux/capability.h, capabilities(7).
 * @module
 */
export const CAPABILITIES = [
  "CHOWN",
  "DAC_OVERRIDE",
  "DAC_READ_SEARCH",
  "FOWNER",
  "FSETID",
  "KILL",
  "SETGID",
  "SETUID",
  "SETPCAP",
  "LINUX_IMMUTABLE",
  "NET_BIND_SERVICE",
  "NET_BROADCAST",
  "NET_ADMIN",
  "NET_RAW",
  "IPC_LOCK",
  "IPC_OWNER",
  "SYS_MODULE",
  "SYS_RAWIO",
  "SYS_CHROOT",
  "SYS_PTRACE",
  "SYS_PACCT",
  "SYS_ADMIN",
  "SYS_BOOT",
  "SYS_NICE",
  "SYS_RESOURCE",
  "SYS_TIME",
  "SYS_TTY_CONFIG",
  "MKNOD",
  "LEASE",
  "AUDIT_WRITE",
  "AUDIT_CONTROL",
  "SETFCAP",
  "MAC_OVERRIDE",
  "MAC_ADMIN",
  "SYSLOG",
  "WAKE_ALARM",
  "BLOCK_SUSPEND",
  "AUDIT_READ",
  "PERFMON",
  "BPF",
  "CHECKPOINT_RESTORE",
] as const;

/** `struct __user_cap_header_struct { u32 version; int pid }`: version 3 knows 64 capabilities, pid 0 is the caller (capget(2)). */
export const CAPABILITY_HEADER = new Uint8Array(new Uint32Array([0x2008_0522, 0]).buffer);
/** `struct __user_cap_data_struct { u32 effective, permitted, inheritable } [2]`: the lower 32 capabilities first. */
export const CAPABILITY_DATA_BYTES = 24;

/** Without the `CAP_` in front. The number is the place in {@link CAPABILITIES}. */
export type CapabilityName = (typeof CAPABILITIES)[number];

/**
 * What giving away ids takes: user_namespaces(7), "Defining user and group ID mappings". All three are among the first 32, so that the
 * lower halves of masks hold them.
 */
export const MAPPING_CAPABILITIES: readonly CapabilityName[] = ["SETUID", "SETGID", "SYS_ADMIN"];

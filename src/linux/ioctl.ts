/**
 * Requests of ioctl(2) that a seccomp profile names. The kernel looks at the low 32 bits of a request.
 *
 * Source: include/uapi/asm-generic/ioctls.h, the same on x86-64 and arm64; ioctl_tty(2), ioctl_console(2).
 * @module
 */
export const IOCTL = {
  TCGETS: 0x5401,
  TCSETS: 0x5402,
  TCSETSW: 0x5403,
  TCSETSF: 0x5404,
  TCSBRK: 0x5409,
  TCXONC: 0x540a,
  TCFLSH: 0x540b,
  TIOCSCTTY: 0x540e,
  TIOCGPGRP: 0x540f,
  TIOCSPGRP: 0x5410,
  TIOCOUTQ: 0x5411,
  TIOCSTI: 0x5412,
  TIOCGWINSZ: 0x5413,
  TIOCSWINSZ: 0x5414,
  FIONREAD: 0x541b,
  TIOCLINUX: 0x541c,
  FIONBIO: 0x5421,
  TIOCNOTTY: 0x5422,
  TIOCSETD: 0x5423,
  TIOCGSID: 0x5429,
  TCGETS2: 0x802c_542a,
  TCSETS2: 0x402c_542b,
  TCSETSW2: 0x402c_542c,
  TCSETSF2: 0x402c_542d,
  TIOCGPTN: 0x8004_5430,
  TIOCSPTLCK: 0x4004_5431,
  TIOCGPTPEER: 0x5441,
  FIONCLEX: 0x5450,
  FIOCLEX: 0x5451,
  FIOASYNC: 0x5452,
} as const;

/**
 * Sizes as people write them: `64m`, `1.5GiB`. As in Docker every unit is a power of 1024.
 * @module
 */
const UNIT_BYTES: Readonly<Record<string, number>> = {
  b: 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
};

/** `k`, `kb` and `kib` are the same. */
const UNITS = /^([kmgt]?)(i?b)?$/;

export const SIZE_SYNTAX = "a number with b, k, m, g or t (kb and KiB are the same), more than 0: 64m, 1.5GiB";

const unitBytes = (unit: string): number | undefined => {
  const [, prefix, suffix] = UNITS.exec(unit) ?? [];
  if (prefix === undefined || (prefix === "" && suffix === "ib")) return undefined;
  return UNIT_BYTES[prefix === "" ? "b" : prefix];
};

/** Whole bytes; what is wrong, when it is text. Zero is refused: for a tmpfs it means without limit. */
export const parseSize = (text: string): number | string => {
  const [, digits, unit] = /^([0-9]{1,15}(?:\.[0-9]{1,9})?)([^0-9.]*)$/.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return `${JSON.stringify(text)} is no size; allowed: ${SIZE_SYNTAX}`;
  const factor = unitBytes(unit.toLowerCase());
  if (factor === undefined) return `unknown unit ${JSON.stringify(unit)}; allowed: ${SIZE_SYNTAX}`;
  const sizeBytes = Math.floor(Number(digits) * factor);
  const fits = sizeBytes > 0 && sizeBytes <= Number.MAX_SAFE_INTEGER;
  return fits
    ? sizeBytes
    : `${JSON.stringify(text)} is too ${sizeBytes > 0 ? "large" : "small"}; allowed: ${SIZE_SYNTAX}`;
};

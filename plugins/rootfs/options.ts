/**
 * Options behind the last colon of a mount: `ro,noexec`, `size=64m,mode=0700`. Each parser gives its result, or a text that says what
 * is wrong.
 *
 * Strict where Docker is lenient: an option that is not known, or given twice, is an error and not ignored.
 * @module
 */

export const split = (options: string | undefined): readonly string[] =>
  options === undefined ? [] : options.split(",");

/** Options that are not in `known` or that come twice. */
export const optionProblem = (options: readonly string[], known: readonly string[]): string | undefined => {
  const keys = options.map((option) => option.replace(/=.*$/s, "="));
  const unknown = keys.find((key) => !known.includes(key));
  if (unknown !== undefined) return `unknown option ${JSON.stringify(unknown)}; allowed: ${known.join(", ")}`;
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  return twice === undefined ? undefined : `the option ${twice} is given twice`;
};

export const valueAfter = (options: readonly string[], key: string): string | undefined =>
  options.find((option) => option.startsWith(`${key}=`))?.slice(key.length + 1);

export const parseMode = (text: string): number | string =>
  /^[0-7]{1,4}$/.test(text) ? Number.parseInt(text, 8) : `mode ${JSON.stringify(text)} must be octal, 0 to 7777`;

export const parseInodes = (text: string): number | string =>
  /^[1-9][0-9]{0,8}$/.test(text)
    ? Number(text)
    : `nr_inodes ${JSON.stringify(text)} must be a number from 1 to 999999999`;

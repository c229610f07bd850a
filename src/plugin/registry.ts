/**
 * Which plugins there are, and in which order they run.
 * @module
 */
import { pluginCycle, pluginNameInvalid, pluginTwice } from "../errors/plugin.ts";
import type { Plugin } from "./define.ts";

const NAME = /^[a-z][a-z0-9_-]*$/;

/** Keys of a config file that are no plugin's section. */
export const RESERVED_SECTIONS: readonly string[] = ["command", "plugins", "bunker"];

const checkNames = (plugins: readonly Plugin[]): void => {
  const seen = new Set<string>();
  for (const { name } of plugins) {
    if (!NAME.test(name) || RESERVED_SECTIONS.includes(name)) throw pluginNameInvalid(name);
    if (seen.has(name)) throw pluginTwice(name);
    seen.add(name);
  }
};

/** For each plugin the ones that must have run. Names of plugins that are not there are no constraint. */
const predecessors = (plugins: readonly Plugin[]): ReadonlyMap<string, ReadonlySet<string>> => {
  const required = new Map(plugins.map(({ name, after = [] }) => [name, new Set(after)]));
  for (const { name, before = [] } of plugins) {
    for (const later of before) required.get(later)?.add(name);
  }
  for (const names of required.values()) {
    for (const name of names) if (!required.has(name)) names.delete(name);
  }
  return required;
};

/**
 * Sorted by `after` and `before`; among those that may run next, the one that was registered first does.
 * @throws BunkerError for names that are not allowed or taken, and for circles
 */
export const orderPlugins = (plugins: readonly Plugin[]): readonly Plugin[] => {
  checkNames(plugins);
  const required = predecessors(plugins);
  const waiting = [...plugins];
  const done = new Set<string>();
  const ordered: Plugin[] = [];
  while (waiting.length > 0) {
    const next = waiting.findIndex(({ name }) => [...(required.get(name) ?? [])].every((other) => done.has(other)));
    if (next === -1) throw pluginCycle(circle(waiting, required));
    for (const plugin of waiting.splice(next, 1)) {
      ordered.push(plugin);
      done.add(plugin.name);
    }
  }
  return ordered;
};

/** Every plugin that waits has a predecessor that waits too: following them ends in a circle. */
const circle = (waiting: readonly Plugin[], required: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] => {
  const names = new Set(waiting.map(({ name }) => name));
  const path: string[] = [];
  let name = waiting[0]?.name;
  while (name !== undefined && !path.includes(name)) {
    path.push(name);
    name = [...(required.get(name) ?? [])].find((other) => names.has(other));
  }
  return path.slice(name === undefined ? 0 : path.indexOf(name));
};

/**
 * A sandbox from a program that already runs: the library's own start to exit, with no process of Bunker's around it.
 * @module
 */
import type { Absent, Contender } from "./contender.ts";

export const inProcess = async (): Promise<Contender | Absent> => ({ name: "in process", absent: "not measured yet" });

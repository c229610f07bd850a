/**
 * The same profile, for finding out what a program needs: what it would deny is done, and written to the audit log.
 * @module
 */
import { type Action, isPermitted, LOG } from "../action.ts";
import type { Profile } from "../profile.ts";

const logged = (action: Action): Action => (isPermitted(action) ? action : LOG);

/** Calls of other ABIs end the process all the same: there is no table to tell what they are. */
export const loggingProfile = (profile: Profile): Profile => ({
  ...profile,
  rules: profile.rules.map((rule) => ({ ...rule, action: logged(rule.action) })),
  otherwise: logged(profile.otherwise),
  unknown: logged(profile.unknown),
  flags: [...new Set([...profile.flags, "SECCOMP_FILTER_FLAG_LOG" as const])],
  remarks: [...profile.remarks, "calls are logged instead of denied: nothing is kept in"],
});

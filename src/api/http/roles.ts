/** Roles of people and tokens. Each may do what those before it may. */
export const ROLES = ['viewer', 'operator', 'administrator'] as const
export type Role = (typeof ROLES)[number]

/** Beside the tags of routes: what a token needs for edits after which less is detected or blocked. */
export const WEAKEN_SCOPE = 'weaken protection'

/** Whether a role includes another. */
export function holds(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed)
}

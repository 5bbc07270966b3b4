/** Texts about what roles may do, signing in elsewhere, and accounts, in both languages. */
export const accountsEn = {
  'may.needs': 'You are signed in as {role} and may look at this. To change it takes the role {needed}.',
  'may.role.viewer': 'viewer',
  'may.role.operator': 'operator',
  'may.role.administrator': 'administrator',
} as const

export const accountsDe: Readonly<Record<keyof typeof accountsEn, string>> = {
  'may.needs': 'Sie sind als {role} angemeldet und dürfen dies ansehen. Ändern darf es die Rolle {needed}.',
  'may.role.viewer': 'Betrachter',
  'may.role.operator': 'Bediener',
  'may.role.administrator': 'Verwalter',
}

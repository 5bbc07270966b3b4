/** Texts about what roles may do, signing in elsewhere, and accounts, in both languages. */
export const accountsEn = {
  'may.needs': 'You are signed in as {role} and may look at this. To change it takes the role {needed}.',
  'may.role.viewer': 'viewer',
  'may.role.operator': 'operator',
  'may.role.administrator': 'administrator',
  'elsewhere.or': 'or by password',
  'elsewhere.away': '{name} does not answer right now. Try again, or sign in by password.',
  'elsewhere.denied': '{name} did not let you in.',
  'elsewhere.disabled': 'Your account is disabled here. An administrator can enable it.',
  'elsewhere.domain': 'Your mail address is not one of those that may sign in here.',
  'elsewhere.expired': 'That took too long, or was begun in another browser. Try again.',
  'elsewhere.failed':
    'The answer of {name} did not hold. Try again; the reason stands in the log of the service.',
  'elsewhere.role':
    'You are in no group that has a role here. An administrator can give it one (oidc.roles).',
  'elsewhere.account': 'You sign in at {name}: password and second factor are kept there.',
} as const

export const accountsDe: Readonly<Record<keyof typeof accountsEn, string>> = {
  'may.needs': 'Sie sind als {role} angemeldet und dürfen dies ansehen. Ändern darf es die Rolle {needed}.',
  'may.role.viewer': 'Betrachter',
  'may.role.operator': 'Bediener',
  'may.role.administrator': 'Verwalter',
  'elsewhere.or': 'oder mit Kennwort',
  'elsewhere.away':
    '{name} antwortet gerade nicht. Versuchen Sie es erneut oder melden Sie sich mit Kennwort an.',
  'elsewhere.denied': '{name} hat Sie nicht eingelassen.',
  'elsewhere.disabled': 'Ihr Konto ist hier abgeschaltet. Ein Verwalter kann es einschalten.',
  'elsewhere.domain': 'Ihre Mailadresse gehört nicht zu denen, die sich hier anmelden dürfen.',
  'elsewhere.expired':
    'Das dauerte zu lange oder wurde in einem anderen Browser begonnen. Versuchen Sie es erneut.',
  'elsewhere.failed':
    'Die Antwort von {name} war nicht gültig. Versuchen Sie es erneut; der Grund steht im Protokoll des Dienstes.',
  'elsewhere.role':
    'Sie sind in keiner Gruppe, die hier eine Rolle hat. Ein Verwalter kann ihr eine geben (oidc.roles).',
  'elsewhere.account': 'Sie melden sich bei {name} an: Kennwort und zweiter Faktor liegen dort.',
}

/** How severe the evidence of a decision is, and the country of its target; null for decisions made before. */
import type { Migration } from '../migrate.ts'

export const severity: Migration = {
  number: 4,
  name: 'severity',
  statements: [
    'alter table decisions add column severity text',
    'alter table decisions add column country text',
  ],
}

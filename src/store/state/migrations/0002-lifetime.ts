/** Decisions that live shorter or longer than `retention.inactiveMonths`, and how often their target was blocked. */
import type { Migration } from '../migrate.ts'

export const lifetime: Migration = {
  number: 2,
  name: 'lifetime',
  statements: [
    'alter table decisions add column lifetimeMs integer',
    'alter table decisions add column offences integer not null default 1',
  ],
}

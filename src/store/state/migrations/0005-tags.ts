/** Words that people put on decisions, as a JSON array; none on decisions made before. */
import type { Migration } from '../migrate.ts'

export const tags: Migration = {
  number: 5,
  name: 'tags',
  statements: ["alter table decisions add column tags text not null default '[]'"],
}

/**
 * Objects that people make (feeds, recipients, firewalls, users, ...) as JSON documents with a version, and a journal of
 * what happened to them (fetches, deliveries, ...), bounded by its readers.
 */
import type { Migration } from '../migrate.ts'

export const objects: Migration = {
  number: 3,
  name: 'objects',
  statements: [
    `create table objects (
      kind text not null,
      id text not null,
      body text not null,
      version integer not null,
      changedAtMs integer not null,
      changedBy text not null,
      primary key (kind, id)
    ) strict`,
    `create table journal (
      id text primary key not null,
      kind text not null,
      subject text not null,
      atMs integer not null,
      body text not null
    ) strict`,
    'create index journalBySubject on journal (kind, subject, atMs)',
    'create index journalByTime on journal (kind, atMs)',
  ],
}

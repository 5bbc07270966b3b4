/**
 * The first shape of the state database. Instants are Unix ms. A network is kept as text for people, and as its first
 * and last address (16 bytes each, IPv4 as mapped) so that ranges sort and overlap by plain comparison.
 * The audit table refuses change and deletion; `auditHead` repeats its last row, so that a cut-off end shows.
 */
import type { Migration } from '../migrate.ts'

export const begin: Migration = {
  number: 1,
  name: 'begin',
  statements: [
    `create table decisions (
      id text primary key not null,
      target text not null,
      firstAddress blob not null,
      lastAddress blob not null,
      prefixLength integer not null,
      scope text not null check (scope in ('address', 'range')),
      origin text not null check (origin in ('detector', 'manual', 'feed')),
      rule text,
      reason text not null,
      proof text,
      mode text not null check (mode in ('block', 'hold', 'shadow')),
      createdAtMs integer not null,
      createdBy text not null,
      lastSeenAtMs integer not null,
      expiresAtMs integer,
      endedAtMs integer,
      endedBy text,
      endReason text,
      device text
    ) strict`,
    'create index decisionsByCreation on decisions (createdAtMs)',
    'create index decisionsByEnd on decisions (endedAtMs)',
    'create index decisionsByAddress on decisions (firstAddress)',
    `create table detections (
      id text primary key not null,
      atMs integer not null,
      source text not null,
      firstAddress blob not null,
      lastAddress blob not null,
      rule text not null,
      device text,
      verdict text not null,
      reason text not null,
      decisionId text,
      detection text not null
    ) strict`,
    'create index detectionsByTime on detections (atMs)',
    'create index detectionsByAddress on detections (firstAddress)',
    'create index detectionsByDecision on detections (decisionId)',
    `create table allowlist (
      id text primary key not null,
      target text not null,
      firstAddress blob not null,
      lastAddress blob not null,
      prefixLength integer not null,
      reason text not null,
      createdAtMs integer not null,
      createdBy text not null,
      expiresAtMs integer
    ) strict`,
    `create table graces (
      target text primary key not null,
      firstAddress blob not null,
      prefixLength integer not null,
      untilMs integer not null,
      createdAtMs integer not null,
      createdBy text not null,
      reason text not null
    ) strict`,
    `create table engine (
      id integer primary key not null check (id = 1),
      isOn integer not null,
      onChangedAtMs integer not null,
      onChangedBy text not null,
      onReason text not null,
      isFrozen integer not null,
      frozenChangedAtMs integer not null,
      frozenChangedBy text not null,
      frozenReason text not null
    ) strict`,
    `create table settings (
      key text primary key not null,
      value text not null,
      createdBy text not null,
      atMs integer not null
    ) strict`,
    `create table devices (
      device text primary key not null,
      timeZone text,
      changedAtMs integer not null,
      changedBy text not null
    ) strict`,
    `create table notices (
      atMs integer not null,
      message text not null
    ) strict`,
    `create table audit (
      sequence integer primary key not null,
      id text not null unique,
      atMs integer not null,
      actor text not null,
      action text not null,
      subject text not null,
      reason text,
      details text not null,
      previousHash text not null,
      hash text not null
    ) strict`,
    'create index auditByAction on audit (action, sequence)',
    'create index auditBySubject on audit (subject, sequence)',
    `create table auditHead (
      id integer primary key not null check (id = 1),
      sequence integer not null,
      hash text not null
    ) strict`,
    `create trigger auditKeepsRows before delete on audit
      begin select raise(abort, 'the audit log is append only'); end`,
    `create trigger auditKeepsContent before update on audit
      begin select raise(abort, 'the audit log is append only'); end`,
  ],
}

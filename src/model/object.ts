/**
 * Objects that people make and the service keeps: feeds, recipients, firewalls, users, ... Each kind's body is judged by
 * the schema of its own part when it is read; the store knows only that it is JSON. An edit names the version that it
 * was made on, so that two people cannot undo each other's work unseen.
 */
import type { AuditEntry, Json } from './state.ts'

export interface StoredObject {
  readonly kind: string
  readonly id: string
  readonly body: Json
  /** Counts up from 1 with every change. */
  readonly version: number
  readonly changedAtMs: number
  readonly changedBy: string
}

export interface ObjectChange {
  readonly kind: string
  readonly id: string
  /** Null removes it. */
  readonly body: Json | null
  /** What the edit was made on; null: whatever is there. 0: there must be none yet. */
  readonly onVersion: number | null
  readonly by: string
}

/** `changed`: somebody else was faster, nothing was written. */
export type ObjectOutcome =
  | { readonly ok: true; readonly version: number }
  | { readonly ok: false; readonly reason: 'changed' | 'missing' }

export interface ObjectRepository {
  /** In order of their ids. Rejects with AppError `state-unavailable`. */
  objects(kind: string): Promise<StoredObject[]>
  object(kind: string, id: string): Promise<StoredObject | null>
  /** With the audit row in one transaction; null for what needs no audit (a session's last use). */
  changeObject(change: ObjectChange, audit: AuditEntry | null): Promise<ObjectOutcome>
}

/** Something that happened to a subject of a kind: a fetch, a delivery, a push. */
export interface JournalEntry {
  /** UUIDv7. */
  readonly id: string
  readonly kind: string
  readonly subject: string
  readonly atMs: number
  readonly body: Json
}

export interface JournalQuery {
  readonly kind: string
  readonly subject?: string
  readonly sinceMs?: number
  /** Older than this entry. */
  readonly beforeId?: string
  readonly limit: number
}

export interface Journal {
  appendJournal(entries: readonly JournalEntry[]): Promise<void>
  /** Newest first. */
  journal(query: JournalQuery): Promise<JournalEntry[]>
  /** Removes entries of a kind older than the time, and the oldest beyond `most`; returns how many went. */
  pruneJournal(kind: string, beforeMs: number, most: number): Promise<number>
}

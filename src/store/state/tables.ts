/** The rows of the state database as kysely sees them. The migrations are their source; units as in the names. */
import type { Kysely, Transaction } from 'kysely'

interface TargetColumns {
  target: string
  /** 16 bytes, most significant first, IPv4 as mapped. */
  firstAddress: Uint8Array
  prefixLength: number
}

export interface DecisionRow extends TargetColumns {
  id: string
  lastAddress: Uint8Array
  scope: string
  origin: string
  rule: string | null
  reason: string
  proof: string | null
  severity: string | null
  country: string | null
  mode: string
  createdAtMs: number
  createdBy: string
  lastSeenAtMs: number
  expiresAtMs: number | null
  endedAtMs: number | null
  endedBy: string | null
  endReason: string | null
  device: string | null
  lifetimeMs: number | null
  offences: number
  /** JSON: an array of texts. */
  tags: string
}

export interface DetectionRow {
  id: string
  atMs: number
  source: string
  firstAddress: Uint8Array
  lastAddress: Uint8Array
  rule: string
  device: string | null
  verdict: string
  reason: string
  decisionId: string | null
  /** JSON. */
  detection: string
}

export interface AllowRow extends TargetColumns {
  id: string
  lastAddress: Uint8Array
  reason: string
  createdAtMs: number
  createdBy: string
  expiresAtMs: number | null
}

export interface GraceRow extends TargetColumns {
  untilMs: number
  createdAtMs: number
  createdBy: string
  reason: string
}

export interface EngineRow {
  id: number
  isOn: number
  onChangedAtMs: number
  onChangedBy: string
  onReason: string
  isFrozen: number
  frozenChangedAtMs: number
  frozenChangedBy: string
  frozenReason: string
}

export interface SettingRow {
  key: string
  /** JSON. */
  value: string
  createdBy: string
  atMs: number
}

export interface AuditTableRow {
  sequence: number
  id: string
  atMs: number
  actor: string
  action: string
  subject: string
  reason: string | null
  /** JSON. */
  details: string
  previousHash: string
  hash: string
}

export interface ObjectRow {
  kind: string
  id: string
  /** JSON. */
  body: string
  version: number
  changedAtMs: number
  changedBy: string
}

export interface JournalRow {
  id: string
  kind: string
  subject: string
  atMs: number
  /** JSON. */
  body: string
}

export interface Tables {
  decisions: DecisionRow
  detections: DetectionRow
  allowlist: AllowRow
  graces: GraceRow
  engine: EngineRow
  settings: SettingRow
  audit: AuditTableRow
  objects: ObjectRow
  journal: JournalRow
  auditHead: { id: number; sequence: number; hash: string }
}

export type Database = Kysely<Tables>
export type DatabaseTransaction = Transaction<Tables>

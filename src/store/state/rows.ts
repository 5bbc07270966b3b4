/**
 * Between the model and the rows of the state database: one pair of functions a table. A row that no longer makes
 * sense (edited by hand) throws an AppError `state-unavailable` that names it.
 */
import { type Address, formatNetwork, lastAddress, type Network, networkOf } from '../../lib/address.ts'
import { AppError } from '../../lib/errors.ts'
import type { AllowEntry, Decision, DecisionMode, DecisionOrigin, Verdict } from '../../model/decision.ts'
import { type Detection, type Proof, RULES, type RuleName, TECHNIQUES } from '../../model/detection.ts'
import { SEVERITIES, type Severity } from '../../model/log-record.ts'
import type {
  AuditRow,
  EngineFlags,
  Grace,
  Json,
  PastBlock,
  StoredDetection,
  StoredSetting,
} from '../../model/state.ts'
import type {
  AllowRow,
  AuditTableRow,
  DecisionRow,
  DetectionRow,
  EngineRow,
  GraceRow,
  SettingRow,
} from './tables.ts'

/** 16 bytes that sort as the address does. */
export function addressToBytes(words: Address): Uint8Array {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < 4; i++) view.setUint32(i * 4, words[i] ?? 0)
  return bytes
}

export function bytesToAddress(bytes: Uint8Array): Address {
  if (bytes.length !== 16) throw new AppError('state-unavailable', 'an address in the state is not 16 bytes')
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16)
  return [view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12)]
}

interface RangeColumns {
  target: string
  firstAddress: Uint8Array
  lastAddress: Uint8Array
  prefixLength: number
}

function rangeColumns(target: Network): RangeColumns {
  return {
    target: formatNetwork(target),
    firstAddress: addressToBytes(target.words),
    lastAddress: addressToBytes(lastAddress(target)),
    prefixLength: target.prefixLength,
  }
}

function networkFrom(row: { firstAddress: Uint8Array; prefixLength: number }): Network {
  return networkOf(bytesToAddress(row.firstAddress), row.prefixLength)
}

function ruleFrom(name: string): RuleName {
  const rule = RULES.find((known) => known === name)
  if (rule === undefined) throw new AppError('state-unavailable', `the state names an unknown rule: ${name}`)
  return rule
}

function severityFrom(name: string | null): Severity {
  const severity = SEVERITIES.find((known) => known === name)
  if (severity === undefined)
    throw new AppError('state-unavailable', `the state names an unknown severity: ${name}`)
  return severity
}

export function decisionToRow(decision: Decision): DecisionRow {
  const { target, tags, ...rest } = decision
  return { ...rest, tags: JSON.stringify(tags), ...rangeColumns(target) }
}

/** Written by `decisionToRow` and `tagged` only; the column is not an input. */
function tagsFrom(text: string): readonly string[] {
  return JSON.parse(text) as string[]
}

/** The table's checks allow only the model's words in `scope`, `origin` and `mode`. */
export function decisionFromRow(row: DecisionRow): Decision {
  return {
    id: row.id,
    target: networkFrom(row),
    scope: row.scope as Decision['scope'],
    origin: row.origin as DecisionOrigin,
    rule: row.rule === null ? null : ruleFrom(row.rule),
    reason: row.reason,
    proof: row.proof as Proof | null,
    severity: severityFrom(row.severity),
    country: row.country,
    mode: row.mode as DecisionMode,
    createdAtMs: row.createdAtMs,
    lastSeenAtMs: row.lastSeenAtMs,
    expiresAtMs: row.expiresAtMs,
    endedAtMs: row.endedAtMs,
    endedBy: row.endedBy,
    endReason: row.endReason,
    device: row.device,
    createdBy: row.createdBy,
    lifetimeMs: row.lifetimeMs,
    offences: row.offences,
    tags: tagsFrom(row.tags),
  }
}

/** Of a row that has ended. */
export function pastBlockFromRow(
  row: Pick<DecisionRow, 'firstAddress' | 'prefixLength' | 'endedAtMs'>,
): PastBlock {
  return { target: networkFrom(row), endedAtMs: row.endedAtMs ?? 0 }
}

export function detectionToRow(stored: StoredDetection): DetectionRow {
  const { detection } = stored
  return {
    id: stored.id,
    atMs: stored.atMs,
    source: formatNetwork(detection.source),
    firstAddress: addressToBytes(detection.source.words),
    lastAddress: addressToBytes(lastAddress(detection.source)),
    rule: detection.rule,
    device: detection.device,
    verdict: stored.verdict,
    reason: stored.reason,
    decisionId: stored.decisionId,
    // JSON has no NaN: the arrival that `replay` lacks becomes null and back.
    detection: JSON.stringify(detection),
  }
}

/** Fields that rows of earlier versions lack. */
type NewerField = 'proofReason' | 'finding' | 'settingsVersion' | 'technique' | 'severity'

export function detectionFromRow(row: DetectionRow): StoredDetection {
  // Written by `detectionToRow` only; the column is not an input.
  const frozen = JSON.parse(row.detection) as Omit<Detection, 'receivedAtMs' | NewerField> &
    Partial<Pick<Detection, NewerField>> & { receivedAtMs: number | null }
  return {
    id: row.id,
    atMs: row.atMs,
    detection: {
      ...frozen,
      receivedAtMs: frozen.receivedAtMs ?? Number.NaN,
      proofReason: frozen.proofReason ?? '',
      finding: frozen.finding ?? null,
      settingsVersion: frozen.settingsVersion ?? '',
      technique: frozen.technique ?? TECHNIQUES[frozen.rule],
      severity: frozen.severity ?? null,
    },
    verdict: row.verdict as Verdict,
    reason: row.reason,
    decisionId: row.decisionId,
  }
}

export function allowToRow(entry: AllowEntry): AllowRow {
  const { target, ...rest } = entry
  return { ...rest, ...rangeColumns(target) }
}

export function allowFromRow(row: AllowRow): AllowEntry {
  return {
    id: row.id,
    target: networkFrom(row),
    reason: row.reason,
    createdAtMs: row.createdAtMs,
    createdBy: row.createdBy,
    expiresAtMs: row.expiresAtMs,
  }
}

export function graceToRow(grace: Grace): GraceRow {
  return {
    target: formatNetwork(grace.target),
    firstAddress: addressToBytes(grace.target.words),
    prefixLength: grace.target.prefixLength,
    untilMs: grace.untilMs,
    createdAtMs: grace.createdAtMs,
    createdBy: grace.by,
    reason: grace.reason,
  }
}

export function graceFromRow(row: GraceRow): Grace {
  return {
    target: networkFrom(row),
    untilMs: row.untilMs,
    createdAtMs: row.createdAtMs,
    by: row.createdBy,
    reason: row.reason,
  }
}

export function engineToRow(flags: EngineFlags): EngineRow {
  const { on, frozen, ...rest } = flags
  return { id: 1, isOn: on ? 1 : 0, isFrozen: frozen ? 1 : 0, ...rest }
}

export function engineFromRow(row: EngineRow): EngineFlags {
  return {
    on: row.isOn === 1,
    onChangedAtMs: row.onChangedAtMs,
    onChangedBy: row.onChangedBy,
    onReason: row.onReason,
    frozen: row.isFrozen === 1,
    frozenChangedAtMs: row.frozenChangedAtMs,
    frozenChangedBy: row.frozenChangedBy,
    frozenReason: row.frozenReason,
  }
}

export function settingToRow(setting: StoredSetting): SettingRow {
  return {
    key: setting.key,
    value: JSON.stringify(setting.value),
    createdBy: setting.by,
    atMs: setting.atMs,
  }
}

export function settingFromRow(row: SettingRow): StoredSetting {
  return { key: row.key, value: JSON.parse(row.value) as Json, by: row.createdBy, atMs: row.atMs }
}

export function auditFromRow(row: AuditTableRow): AuditRow {
  return { ...row, details: JSON.parse(row.details) as Json }
}

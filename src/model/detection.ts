/**
 * A detection: a rule's finding about one source, with the numbers and the frozen lines that prove it. It is evidence,
 * not yet a block: decide/ turns it into a decision or refuses it with a reason.
 */
import type { Network } from '../lib/address.ts'
import type { Severity } from './log-record.ts'

export const RULES = [
  'port-scan',
  'host-sweep',
  'threat',
  'slow-scan',
  'subnet-scan',
  'random-scan',
  'brute-force',
  'vendor-scan',
] as const
export type RuleName = (typeof RULES)[number]

export const RULE_MODES = ['off', 'shadow', 'enforce'] as const
/** `shadow` detects and reports and never blocks. */
export type RuleMode = (typeof RULE_MODES)[number]

/**
 * How hard the evidence is to forge. `handshake`: bytes flowed both ways, or a threat was seen inside a session, so the
 * source address is real. `spoofable`: denied first packets only.
 */
export type Proof = 'handshake' | 'spoofable'

export const SPOOFABLE_POLICIES = ['block', 'brief', 'hold'] as const
/** What becomes of a detection whose source could be forged: blocked all the same, for a short time, or held. */
export type SpoofablePolicy = (typeof SPOOFABLE_POLICIES)[number]

/** One distinct value that counted: a port for `port-scan`, a host for `host-sweep`, a threat for `threat`, ... */
export interface Witness {
  readonly value: string
  /** Latest event time of the value in the window, Unix ms. */
  readonly atMs: number
}

export interface Detection {
  readonly rule: RuleName
  readonly mode: RuleMode
  /** The offender: one address, or for IPv6 its /64. */
  readonly source: Network
  /** The address that sent the convicting record. */
  readonly sourceAddress: string
  /** `port-scan`: the scanned address; for `threat` and `vendor-scan` the attacked one; else null. */
  readonly destination: string | null
  /** `host-sweep`: the swept port; else null. */
  readonly port: number | null
  /** Distinct values in the window when the rule fired. */
  readonly count: number
  /** The setting that was crossed: "more than" for `port-scan`, "at least" for `host-sweep`, the level for `threat`. */
  readonly threshold: number
  readonly windowSeconds: number | null
  /** Event time of the oldest value that counted, Unix ms. */
  readonly firstSeenAtMs: number
  /** Event time of the record that crossed the threshold, Unix ms. */
  readonly detectedAtMs: number
  /** Arrival of that record, Unix ms; NaN in `replay`. */
  readonly receivedAtMs: number
  readonly proof: Proof
  /** One clause: what proves the source, or why it could be forged. */
  readonly proofReason: string
  /** What was found, with its numbers, as a predicate; null for the first three rules, whose words are in decide/. */
  readonly finding: string | null
  /** Short hash of the rule's settings when it fired: two detections of one version were judged alike. */
  readonly settingsVersion: string
  /** MITRE ATT&CK id of what the rule sees. */
  readonly technique: string
  /** True when source and destination are both inside: an internal scanner, reported and never blocked. */
  readonly lateral: boolean
  /** The firewall that reported it. */
  readonly device: string | null
  readonly sourceCountry: string | null
  /** Of the record that convicted; null where it names none (traffic mostly), or is not one of the source itself. */
  readonly severity: Severity
  /** What counted, oldest first. */
  readonly witnesses: readonly Witness[]
  /** Up to EVIDENCE_LINES raw lines, oldest first. */
  readonly evidence: readonly string[]
  /** Whether the source is one with whom sessions were completed lately; absent: not asked. */
  readonly peer?: PeerNote
}

/** What the stored logs say of a source as a peer. */
export interface PeerNote {
  /** Null: it could not be asked. */
  readonly isPeer: boolean | null
  /** A clause: what makes it a peer or not, or why that is not known. */
  readonly why: string
}

/** Raw lines frozen with a detection. */
export const EVIDENCE_LINES = 20

/** Names that users of the older system know, shown beside ours and accepted in filters; null for rules it lacked. */
export const ORIGINAL_NAMES: Readonly<Record<RuleName | 'manual', string | null>> = {
  'port-scan': 'Port Scan Attack v1',
  'host-sweep': 'Port Scan Attack v2',
  threat: 'Vulnerability Scan v1',
  'slow-scan': null,
  'subnet-scan': null,
  'random-scan': null,
  'brute-force': null,
  'vendor-scan': null,
  manual: 'User Added',
}

/** MITRE ATT&CK (Enterprise, v15): what each rule sees. */
export const TECHNIQUES: Readonly<Record<RuleName, string>> = {
  'port-scan': 'T1595.001', // Active Scanning: Scanning IP Blocks
  'host-sweep': 'T1595.001',
  threat: 'T1190', // Exploit Public-Facing Application
  'slow-scan': 'T1595.001',
  'subnet-scan': 'T1595.001',
  'random-scan': 'T1595.001',
  'brute-force': 'T1110', // Brute Force
  'vendor-scan': 'T1595', // Active Scanning
}

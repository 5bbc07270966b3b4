/**
 * What is known of the running service, as /readyz, the page and status show it; and what "ready" means. The app fills
 * these shapes; nothing here asks anybody.
 */
import type { DeviceStatus } from '../model/device.ts'
import type { Fetcher } from '../publish/fetch-log.ts'
import type { ListOrigin } from '../publish/list-snapshot.ts'

/** A part of the service. Ready when it does its work; the reason says why not, or how well. */
export interface ComponentHealth {
  /** `list`, `state`, `pipeline`, `log-store`, ... */
  readonly name: string
  readonly isReady: boolean
  /** One sentence. */
  readonly reason: string
}

export interface EngineStatus {
  /** Off: received and stored, no new detector blocks. Frozen: nothing is added to the list. */
  readonly state: 'on' | 'off' | 'frozen'
  readonly sinceMs: number | null
  /** Who and why, or empty. */
  readonly note: string
}

export interface ListStatus {
  /** Where firewalls fetch it: full addresses. */
  readonly urls: readonly string[]
  readonly entries: number
  readonly refused: number
  readonly revision: number
  readonly madeAtMs: number
  readonly origin: ListOrigin
}

export interface InputHealth {
  /** `udp`, `tcp`, `tls`, `http`, `file`. */
  readonly name: string
  /** Where it listens or what it follows; null when it does not. */
  readonly address: string | null
  /** Messages since start. */
  readonly received: number
  /** Over the last seconds. */
  readonly perSecond: number
  /** Messages lost since start, the kernel's drops included; null where it cannot be known. */
  readonly lost: number | null
  /** What stands in the way, or empty. */
  readonly note: string
}

/** Who sends log lines: known by the settings, or not yet. */
export interface SendersHealth {
  readonly known: number
  readonly pending: number
  /** Lines of pending ones are stored and count for nothing. */
  readonly storeOnly: boolean
}

export interface BlockLine {
  readonly target: string
  /** Our name of the rule, `manual` or `feed`. */
  readonly rule: string
  /** The older system's name of it; empty where it had none. */
  readonly originalName: string
  /** One sentence. */
  readonly reason: string
  readonly createdAtMs: number
  readonly expiresAtMs: number | null
}

export interface LogStoreStatus {
  readonly isReady: boolean
  /** One sentence: which engine, or why it is away. */
  readonly note: string
  /** Records stored; null when it cannot be asked. */
  readonly records: number | null
  /** Segments on disk that wait to be inserted. */
  readonly waitingSegments: number
}

export interface CertificateStatus {
  readonly source: 'made' | 'own'
  readonly daysLeft: number
  readonly notAfterMs: number
  readonly fingerprint: string
}

/** A thing that stands in the way, and the mend. */
export interface FindingStatus {
  readonly code: string
  readonly severity: 'info' | 'warning' | 'critical'
  readonly message: string
  readonly mend: string
  readonly sinceMs: number
  readonly count: number
}

/** All of it, at one moment. */
export interface ServiceStatus {
  readonly version: string
  readonly nowMs: number
  readonly startedAtMs: number
  readonly components: readonly ComponentHealth[]
  readonly engine: EngineStatus
  readonly list: ListStatus
  readonly activeBlocks: number
  /** Held back by a brake until a person decides. */
  readonly heldBlocks: number
  /** The newest first. */
  readonly recentBlocks: readonly BlockLine[]
  readonly inputs: readonly InputHealth[]
  readonly devices: readonly DeviceStatus[]
  readonly senders: SendersHealth
  /** How the relay to another syslog server does, in a sentence; null while it is switched off. */
  readonly relay: string | null
  readonly logStore: LogStoreStatus
  readonly certificate: CertificateStatus
  readonly fetchers: readonly Fetcher[]
  readonly findings: readonly FindingStatus[]
}

export interface Readiness {
  readonly isReady: boolean
  readonly components: readonly ComponentHealth[]
}

/** Ready when every component is, and there is at least one. */
export function readinessOf(components: readonly ComponentHealth[]): Readiness {
  return { isReady: components.length > 0 && components.every((component) => component.isReady), components }
}

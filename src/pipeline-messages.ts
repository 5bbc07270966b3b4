/**
 * What main and the pipeline thread say to each other. Plain data only: it crosses a thread border as a structured
 * clone. Main owns decisions and settings; the thread owns lines.
 */
import type { Settings } from './config/schema.ts'
import type { InspectedCount } from './detect/detector.ts'
import type { ExceptionView } from './detect/exceptions.ts'
import type { SendersStatus } from './detect/senders.ts'
import type { SeriesStatus } from './detect/sequences.ts'
import type { PostedLines, PostOutcome } from './input/http.ts'
import type { Network } from './lib/address.ts'
import type { Detection } from './model/detection.ts'
import type { DeviceStatus } from './model/device.ts'
import type { SeenReport } from './model/seen-report.ts'
import type { UnknownShape } from './parse/unknown-lines.ts'
import type { LiveListeners, LiveRecords } from './query/live-sampler.ts'
import type { RelayStatus } from './publish/relay.ts'
import type { StoreEvent } from './store/logs/segment-spool.ts'

/** What the thread is started with (`workerData`). */
export interface PipelineStart {
  readonly settings: Settings
  /** Absolute path of the data folder. */
  readonly dataFolder: string
  /** Seeds the hash of the detection tables, so that outsiders cannot choose colliding keys. */
  readonly seed: number
  /** PEM texts for syslog over TLS. */
  readonly tls: TlsMaterial
  /** Targets on the list now. */
  readonly blocked: readonly string[]
  /** When windows were reset last: what came before counts no more. Null never. */
  readonly resetAtMs: number | null
}

export interface TlsMaterial {
  readonly cert: string
  readonly key: string
}

export type ToPipeline =
  | { readonly kind: 'settings'; readonly settings: Settings }
  | { readonly kind: 'blocked'; readonly added: readonly string[]; readonly removed: readonly string[] }
  | { readonly kind: 'certificate'; readonly tls: TlsMaterial }
  /** Forgets every window, as "Reset" in the older system. */
  | { readonly kind: 'reset'; readonly atMs: number }
  /** Lines of one request over HTTPS; answered by `lines-taken` with the same number. */
  | { readonly kind: 'lines'; readonly request: number; readonly lines: PostedLines }
  /** What rules count now for sources within a network; answered by `inspected` with the same number. */
  | { readonly kind: 'inspect'; readonly request: number; readonly source: Network }
  /** Who watches records as they come; answered by `live` while somebody does. */
  | { readonly kind: 'listen'; readonly live: LiveListeners }
  /** Take in nothing more, make every line durable, then say `stopped`. */
  | { readonly kind: 'stop' }

export type FromPipeline =
  | { readonly kind: 'ready'; readonly inputs: readonly InputStatus[] }
  | {
      readonly kind: 'found'
      readonly detections: readonly Detection[]
      readonly seen: readonly SeenMessage[]
      /** From stored lines that were read once more after a start: most were judged before it. */
      readonly isRestored: boolean
    }
  | { readonly kind: 'status'; readonly status: PipelineStatus }
  /** Something happened at an input, `count` times since it was last told. */
  | {
      readonly kind: 'event'
      readonly code: string
      readonly part: string
      readonly message: string
      readonly count: number
    }
  | { readonly kind: 'store'; readonly event: StoreEvent }
  | { readonly kind: 'lines-taken'; readonly request: number; readonly outcome: PostOutcome }
  | { readonly kind: 'inspected'; readonly request: number; readonly inspection: Inspection }
  | { readonly kind: 'live'; readonly found: LiveRecords }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }

/** What detection holds of a source at this moment. */
export interface Inspection {
  /** Counters of rules, the nearest to its threshold first; at most INSPECTED_COUNTS. */
  readonly counts: readonly InspectedCount[]
  /** Counters left out. */
  readonly more: number
  readonly exceptions: readonly ExceptionView[]
}

export const INSPECTED_COUNTS = 200

/** A blocked source that sent lines. */
export interface SeenMessage {
  readonly target: string
  /** By arrival, Unix ms. */
  readonly lastSeenAtMs: number
  readonly count: number
  /** What firewalls did with the lines. */
  readonly reports: readonly SeenReport[]
}

/** A thing that stands in the way, and how to mend it. */
export interface Finding {
  readonly code: string
  readonly message: string
  readonly mend: string
}

export interface InputStatus {
  /** `udp`, `tcp`, `tls`, `http` or `file`. */
  readonly name: string
  /** Where it listens or what it follows; null while it does not. */
  readonly address: string | null
  /** Counters since start; names say their units. */
  readonly counters: Readonly<Record<string, number>>
  readonly findings: readonly Finding[]
}

/** Sent once a second. Counters run since the thread started. */
export interface PipelineStatus {
  readonly inputs: readonly InputStatus[]
  readonly parser: Readonly<Record<string, number>>
  readonly detector: Readonly<Record<string, number>>
  readonly segments: Readonly<Record<string, number>>
  readonly devices: readonly DeviceStatus[]
  /** Gaps in the firewalls' own numbering, the most lossy first. */
  readonly losses: readonly SeriesStatus[]
  /** What could not be read, by sender and shape, the most frequent first; a few of them. */
  readonly unknownLines: readonly UnknownShape[]
  /** Who sends, known or pending. */
  readonly senders: SendersStatus
  /** Null while it is switched off. */
  readonly relay: RelayStatus | null
  /** Batches that wait to be parsed. */
  readonly queuedBatches: number
}

/**
 * What CrowdSec bouncers are told, joined with the decisions: the board follows the published list, the bouncers' last
 * pulls are written every half minute, and decisions that ended before this process began come from the state.
 */
import { TLSSocket } from 'node:tls'
import { CrowdsecApi } from '../api/crowdsec-routes.ts'
import type { Decider } from '../decide/decider.ts'
import { senderAddress } from '../input/sender-address.ts'
import type { Clock } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import type { Decision } from '../model/decision.ts'
import { fingerprintOf } from '../publish/crowdsec/bouncer.ts'
import { Bouncers } from '../publish/crowdsec/bouncers.ts'
import { DecisionBoard } from '../publish/crowdsec/decision-board.ts'
import type { StateStore } from '../store/state/state-store.ts'
import type { Alarms } from '../telemetry/alarms.ts'
import type { Parts } from './parts.ts'

const FLUSH_MS = 30_000
/** Ended decisions told in one answer, the last ended first. */
const ENDED_MOST = 100_000
/** Bouncers hold entries of decisions that ended so long ago; see told-until.ts. */
const LAPSES_BACK_MS = 20 * 24 * 3_600_000

export interface CrowdsecOptions {
  readonly state: StateStore
  readonly decider: Decider
  readonly clock: Clock
  readonly alarms: Alarms
}

export class Crowdsec {
  readonly board: DecisionBoard
  readonly bouncers: Bouncers
  readonly #options: CrowdsecOptions
  readonly #stopListening: () => void
  #flushedMs: number
  #flushing: Promise<void> | null = null

  private constructor(options: CrowdsecOptions, bouncers: Bouncers, board: DecisionBoard) {
    this.#options = options
    this.bouncers = bouncers
    this.board = board
    this.#flushedMs = options.clock.monotonicMs()
    this.#stopListening = options.decider.onListChange((change) => board.apply(change))
  }

  /** Rejects with AppError `state-unavailable`. */
  static async open(options: CrowdsecOptions): Promise<Crowdsec> {
    const { state, decider, clock } = options
    const bouncers = await Bouncers.open({ repository: state, clock })
    const endedSinceMs = clock.nowMs() - LAPSES_BACK_MS
    const ended = bouncers.all().length === 0 ? [] : await endedBlocks(state, endedSinceMs)
    const decisionOf = (target: Decision['target']): Decision | null =>
      decider.blockOf(target)?.decision ?? null
    const board = new DecisionBoard({ clock, decisionOf })
    const opened = new Crowdsec(options, bouncers, board)
    board.fill(decider.published())
    board.noteEnded(ended)
    return opened
  }

  /** Ended since then, and what is in force without being published: bouncers may hold either from before. */
  async endedSince(sinceMs: number): Promise<Decision[]> {
    const { state, decider } = this.#options
    const ended = await endedBlocks(state, sinceMs)
    const { blocks, published } = decider.counters()
    return blocks === published ? ended : [...ended, ...decider.active({ mode: 'block' })]
  }

  /** To be called about every second. */
  tick(): void {
    this.board.review()
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs - this.#flushedMs < FLUSH_MS || this.#flushing !== null) return
    this.#flushedMs = nowMs
    this.#flushing = this.#flush().finally(() => {
      this.#flushing = null
    })
  }

  /** Never rejects: failure is an alarm. */
  async stop(): Promise<void> {
    this.#stopListening()
    await this.#flushing
    await this.#flush()
  }

  async #flush(): Promise<void> {
    const { alarms } = this.#options
    try {
      await this.bouncers.flush()
      alarms.clear('bouncer-uses-not-written')
    } catch (error) {
      alarms.raise({
        code: 'bouncer-uses-not-written',
        severity: 'warning',
        message: `When bouncers last asked could not be written: ${messageOf(error)}.`,
        mend: 'Look at the disk and the state database; it is tried again every half minute.',
      })
    }
  }
}

/** Joins it with the parts and answers how to stop it; tells when bouncers came or went. Rejects with AppError `state-unavailable`. */
export async function openCrowdsec(
  parts: Parts,
  state: StateStore,
  decider: Decider,
  onChange: () => void,
): Promise<() => Promise<void>> {
  const { clock, alarms } = parts
  const crowdsec = await Crowdsec.open({ state, decider, clock, alarms })
  parts.crowdsec = crowdsec
  crowdsec.bouncers.onChange = onChange
  onChange()
  return () => crowdsec.stop()
}

function endedBlocks(state: StateStore, endedSinceMs: number): Promise<Decision[]> {
  return state.decisions({ state: 'ended', mode: 'block', endedSinceMs, limit: ENDED_MOST })
}

/** The API for one door of the service. */
export function crowdsecApi(parts: Parts, onFailure: (what: string, error: unknown) => void): CrowdsecApi {
  return new CrowdsecApi({
    sources: () => {
      const { crowdsec } = parts
      if (crowdsec === null) return null
      const { board, bouncers } = crowdsec
      return { board, bouncers, endedSince: (sinceMs) => crowdsec.endedSince(sinceMs) }
    },
    clock: parts.clock,
    addressOf: (request) => senderAddress(request.socket.remoteAddress ?? ''),
    certificateOf: ({ socket }) =>
      socket instanceof TLSSocket ? fingerprintOf(socket.getPeerCertificate().fingerprint256 ?? '') : null,
    onFailure,
  })
}

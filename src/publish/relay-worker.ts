/**
 * The relay's own thread: sends pieces to the target one after the other, so that neither the cost of a send nor a
 * target that stands still is felt in the pipeline. It tells after every piece; relay.ts bounds what waits here.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { makeTarget, type RelayAddress, type RelayPiece, type RelayState } from './relay-target.ts'

export type ToRelay = { readonly kind: 'piece'; readonly piece: RelayPiece } | { readonly kind: 'stop' }
export type FromRelay =
  | ({ readonly kind: 'state' } & RelayState)
  /** A piece is done with; `failed` of its lines could not be sent. */
  | { readonly kind: 'done'; readonly lines: number; readonly bytes: number; readonly failed: number }

/** What a stop leaves to lines that wait. */
const LAST_LINES_MS = 1000

const port = parentPort
if (port === null) throw new Error('BUG: relay-worker.ts runs as a worker thread only')
const tell = (message: FromRelay): void => port.postMessage(message)

let last = ''
const target = makeTarget(workerData as RelayAddress, ({ state, reason }) => {
  if (last === state + reason) return
  last = state + reason
  tell({ kind: 'state', state, reason })
})
const waiting: RelayPiece[] = []
const stopping = new AbortController()
let isEnding = false
let working: Promise<void> | null = null

port.on('message', (message: ToRelay) => {
  if (message.kind === 'stop') {
    isEnding = true
    setTimeout(() => stopping.abort(), LAST_LINES_MS)
    if (working === null) end()
    return
  }
  waiting.push(message.piece)
  working ??= work()
})

async function work(): Promise<void> {
  for (let piece = waiting.shift(); piece !== undefined; piece = waiting.shift()) {
    try {
      const failed = await target.send(piece, stopping.signal)
      tell({ kind: 'done', lines: piece.start.length, bytes: piece.bytes.length, failed })
    } catch (error) {
      if (!stopping.signal.aborted) throw error
      break // time is up: what waits is counted as failed by relay.ts
    }
  }
  working = null
  if (isEnding) end()
}

function end(): void {
  target.close()
  port?.close()
  process.exit(0) // ends this thread alone
}

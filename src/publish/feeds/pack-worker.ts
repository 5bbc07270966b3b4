/** The packer's own thread: packs what it is sent, one after the other (pack.ts), and moves the columns back. */
import { parentPort } from 'node:worker_threads'
import { messageOf } from '../../lib/errors.ts'
import { type PackInput, type PackResult, pack } from './pack.ts'

export interface ToPackWorker {
  readonly id: number
  readonly input: PackInput
}

export type FromPackWorker =
  | { readonly id: number; readonly result: PackResult }
  | { readonly id: number; readonly failure: string }

const port = parentPort
if (port === null) throw new Error('BUG: pack-worker.ts runs as a worker thread only')

port.on('message', ({ id, input }: ToPackWorker) => {
  let answer: FromPackWorker
  try {
    answer = { id, result: pack(input) }
  } catch (error) {
    // Told to whoever asked; the thread goes on with the next.
    port.postMessage({ id, failure: messageOf(error) } satisfies FromPackWorker)
    return
  }
  port.postMessage(answer, buffersOf(answer.result))
})

function buffersOf({ rows, leftOut, members, refused, shardStart, nextInLine }: PackResult): ArrayBuffer[] {
  const columns = [
    ...Object.values(rows),
    ...Object.values(leftOut),
    members,
    refused,
    shardStart,
    nextInLine,
  ]
  return columns.map((column: Uint32Array<ArrayBuffer>) => column.buffer)
}

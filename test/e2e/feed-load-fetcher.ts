/**
 * A thread of many firewalls that fetch at once: so that fetching does not slow the making of lists in the test's own
 * thread. Fetches the paths in turn over so many connections, until it is told to end and has fetched `least` times.
 */
import { Agent, request } from 'node:https'
import { parentPort, workerData } from 'node:worker_threads'
import { coveredBy } from '../../src/api/feed-testing.ts'
import { checksumOf, etagOf } from '../../src/publish/list-snapshot.ts'

export interface FetcherTask {
  readonly port: number
  readonly authority: string
  readonly paths: readonly string[]
  readonly connections: number
  readonly least: number
  /** One number of 32 bits: answers that have come. */
  readonly came: SharedArrayBuffer
}

/** One answer, judged by itself. */
export interface FetchedSum {
  readonly path: string
  readonly status: number
  /** As the head says, and as the body is. */
  readonly told: string
  readonly etag: string
  readonly count: number
}

const { port, authority, paths, connections, least, came } = workerData as FetcherTask
const answers = new Int32Array(came)
const parent = parentPort
if (parent === null) throw new Error('BUG: feed-load-fetcher.ts runs as a worker thread only')
const agent = new Agent({ keepAlive: true, maxSockets: connections, ca: authority, servername: 'localhost' })
const sums: FetchedSum[] = []
let asked = 0
let isEnding = false
parent.once('message', () => {
  isEnding = true
})

function fetchOne(path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const asking = request({ host: '127.0.0.1', port, path, agent }, (answer) => {
    const chunks: Buffer[] = []
    answer.on('data', (chunk: Buffer) => chunks.push(chunk))
    answer.on('error', reject)
    answer.on('end', () => {
      const body = Buffer.concat(chunks)
      sums.push({
        path,
        status: answer.statusCode ?? 0,
        told: String(answer.headers.etag),
        etag: etagOf(checksumOf(body)),
        count: coveredBy(body).count,
      })
      Atomics.add(answers, 0, 1)
      resolve()
    })
  })
  asking.on('error', reject)
  asking.end()
  return promise
}

await Promise.all(
  Array.from({ length: connections }, async () => {
    while (!isEnding || asked < least) await fetchOne(paths[asked++ % paths.length] as string)
  }),
)
agent.destroy()
parent.postMessage(sums)

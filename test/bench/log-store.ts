/** Asks the embedded log store over its Unix socket, as any ClickHouse client could: for counts and sizes. */
import { request } from 'node:http'
import { socketPathOf } from '../../src/store/logs/embedded.ts'

/** One row of a statement, as JSON. Rejects while the store is not up and when it answers an error. */
export function askLogStore<Row>(dataFolder: string, statement: string): Promise<Row> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        socketPath: socketPathOf(dataFolder),
        method: 'POST',
        path: '/?default_format=JSONEachRow',
      },
      (reply) => {
        const parts: Buffer[] = []
        reply.on('data', (part: Buffer) => parts.push(part))
        reply.on('error', reject)
        reply.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8')
          if (reply.statusCode !== 200)
            reject(new Error(`the log store answered ${reply.statusCode}: ${text}`))
          else resolve(JSON.parse(text) as Row)
        })
      },
    )
    asked.on('error', reject)
    asked.end(statement)
  })
}

/** Records in the log table; 0 while the store is not up yet. */
export async function storedRecords(dataFolder: string): Promise<number> {
  try {
    const row = await askLogStore<{ records: string | number }>(
      dataFolder,
      'SELECT count() AS records FROM logs',
    )
    return Number(row.records)
  } catch {
    return 0 // starting, or being restarted: whoever waits has a limit of its own
  }
}

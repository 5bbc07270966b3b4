/** Fetches of feeds as firewalls make them: from several addresses, with credentials, closed connections told apart. */
import assert from 'node:assert/strict'
import { request } from 'node:https'
import type { Service } from './harness.ts'

export interface Asked {
  readonly method?: string
  readonly headers?: Record<string, string>
  /** 127.0.0.2 and so on: another firewall. */
  readonly from?: string
  readonly cert?: string
  readonly key?: string
}

export interface Got {
  /** 0: the connection was closed without an answer. */
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export function ask(service: Service, path: string, { from, ...asked }: Asked = {}): Promise<Got> {
  const port = Number(new URL(service.app.urls.page).port)
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false, ...asked }
    const outgoing = request(
      { ...options, ...(from === undefined ? {} : { localAddress: from }) },
      (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () => {
          const body = Buffer.concat(chunks).toString('utf8')
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body })
        })
      },
    )
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET') resolve({ status: 0, headers: {}, body: '' })
      else reject(error)
    })
    outgoing.end()
  })
}

export const basic = (user: string, password: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
})

export const reason = 'test'

export async function block(service: Service, targets: readonly string[]): Promise<void> {
  const input = { targets: [...targets], reason, dryRun: false, until: null }
  const { results } = await service.control.call('addBlocks', input)
  assert.deepEqual(
    results.filter(({ outcome }) => outcome !== 'done'),
    [],
  )
}

export const lines = (body: string): string[] => body.trimEnd().split('\n')
export const hosts = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `198.51.100.${i * 2 + 1}`)
export const alarmsOf = (service: Service): string[] =>
  service.app.parts.alarms.active().map(({ code }) => code)

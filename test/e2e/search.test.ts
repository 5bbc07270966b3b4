/** Stored records by the filter language, through the real service: control socket, HTTPS, live view. */
import assert from 'node:assert/strict'
import { request } from 'node:https'
import { describe, test } from 'node:test'
import { API_PREFIX } from '../../src/api/http/http-routes.ts'
import { customLine, type Service, scan, startService, until } from './harness.ts'

const HOSTILE = "=cmd|'/c calc'!A1"

describe('search', () => {
  test('records are found, counted, paged and exported, and blocks can be asked for', async (t) => {
    const service = await startService(t, { sets: ['syslog.udp.listen='] })
    const { control } = service
    const lines = [
      ...scan('198.51.100.7', 12),
      customLine({ source: '198.51.100.9', port: 443, action: 'allow', user: HOSTILE }),
      customLine({ source: '2001:db8::7', port: 22, type: 'THREAT', severity: 'high' }),
    ]
    await service.sendTcp(lines.map((line) => `${line}\n`).join(''))
    await until('all is stored', async () => (await service.stored()) === lines.length, 30_000)
    await until('the scanner is blocked', async () => (await service.list()).includes('198.51.100.7'))

    const count = async (filter: string): Promise<number> =>
      (await control.call('queryRecords', { filter, limit: 100 })).items.length
    assert.equal(await count(''), 14)
    assert.equal(await count('( addr.src in 198.51.100.0/24 ) and ( port.dst leq 1005 )'), 7)
    assert.equal(await count('2001:db8::/32'), 1)
    assert.equal(await count('( severity geq high ) and ( receive_time in last-15-minutes )'), 1)
    assert.equal(await count('blocked eq yes'), 12)
    assert.equal(await count('( rule_hit eq port-scan ) and ( port.dst eq 1003 )'), 1)
    assert.equal(await count("raw contains 'OVERFLOW'"), 1)
    assert.equal(await count('OVERFLOW'), 1, 'a word, in the name of a threat')
    assert.equal(await count('testland'), 14, 'a word that all have')
    assert.equal(await count('newcomer'), 0)
    assert.equal(await count('not newcomer'), 14)
    const late = customLine({ source: '198.51.100.9', port: 444, action: 'allow', user: 'CORP\\newcomer' })
    await service.sendTcp(`${late}\n`)
    await until('it is stored', async () => (await service.stored()) === lines.length + 1, 30_000)
    assert.equal(await count('newcomer'), 1, 'a text that was not there when it was asked for first')
    assert.equal(await count('( port.dst eq 444 ) and not newcomer'), 0)
    await assert.rejects(
      count('( adr.src eq 1.2.3.4 )'),
      /at character 3: expected the name of a field; did you mean \( addr.src/,
    )

    const ids = new Set<unknown>()
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<typeof firstPage>> = await firstPage(service, cursor)
      for (const item of page.items) ids.add(item['id'])
      cursor = page.nextCursor
    } while (cursor !== null)
    assert.equal(ids.size, 15, 'pages of five give every record once')
    const [id] = ids
    const record = await control.call('recordById', { id: String(id) })
    assert.match(String(record['raw']), /^<14>/)

    const histogram = await control.call('histogram', { filter: '', buckets: 10, by: 'disposition' })
    assert.equal(histogram.total, 15)
    const facets = await control.call('facets', { filter: '', fields: ['addr.src', 'severity'], limit: 5 })
    assert.deepEqual(facets.facets[0]?.values[0], {
      value: '198.51.100.7',
      count: 12,
      filter: '( addr.src eq 198.51.100.7 )',
    })
    const top = await control.call('topList', { filter: '', field: 'port', limit: 100 })
    assert.equal(top.items.length, 15)
    const exported: unknown[] = []
    for await (const row of control.rows('exportRecords', {
      filter: 'action eq drop',
      fields: ['destinationPort'],
    }))
      exported.push(row['destinationPort'])
    assert.deepEqual(new Set(exported), new Set([22, ...Array.from({ length: 12 }, (_, i) => 1000 + i)]))
    assert.equal(exported.length, 13)
  })

  test('over HTTPS viewers search and export CSV that no spreadsheet executes; users are masked when set', async (t) => {
    const service = await startService(t, { sets: ['syslog.udp.listen='] })
    const token = await viewerToken(service)
    await service.sendTcp(`${customLine({ source: '198.51.100.9', port: 443, user: HOSTILE })}\n`)
    await until('it is stored', async () => (await service.stored()) === 1, 30_000)
    const csv = await ask(service, '/records/export?format=csv&fields=sourceUser&fields=sourcePort', token)
    assert.equal(csv.body, `"sourceUser","sourcePort"\r\n"'${HOSTILE}",51514\r\n`)
    const panOs = await ask(service, '/records/export?format=pan-csv', token)
    assert.match(panOs.body, /^,\d{4}\/[^,]+,[^,]*,[^,]+,[^,]*,,[^,]+,198\.51\.100\.9,/)
    assert.ok(panOs.body.includes(`,"'${HOSTILE}",`), panOs.body)
    assert.equal((await ask(service, '/records/export?format=pan-csv&fields=raw', token)).status, 400)
    const page = await ask(service, '/records?filter=198.51.100.9', token)
    assert.equal((JSON.parse(page.body) as { items: unknown[] }).items.length, 1)
    const wrong = await ask(service, '/records?filter=action%20qe%20deny', token)
    assert.equal(wrong.status, 400)
    assert.match(wrong.body, /at character 8/)
    assert.equal((await ask(service, '/records', '')).status, 401)

    await service.control.call('changeSettings', { changes: { 'records.maskUsers': 'true' }, reason: 'x' })
    const masked = await ask(service, '/records/export?format=jsonl', token)
    assert.doesNotMatch(masked.body, /calc/)
    assert.match(masked.body, /"sourceUser":"\(masked\)"/)
    assert.equal((await ask(service, "/records?filter=user.src%20eq%20'x'", token)).status, 400)
  })

  test('a live view shows what fits as it comes, and goes on where it was left', async (t) => {
    const service = await startService(t, { sets: ['syslog.udp.listen='] })
    const token = await viewerToken(service)
    const first = openLive(service, '/live?filter=port.dst%20eq%2022', token, null)
    await until('it is open', () => first.events.some(({ event }) => event === 'status'))
    await service.sendTcp(
      [22, 23, 22].map((port) => `${customLine({ source: '198.51.100.9', port })}\n`).join(''),
    )
    await until('two records came', () => records(first).length === 2)
    first.close()
    await service.sendTcp(`${customLine({ source: '198.51.100.10', port: 22 })}\n`)
    await until('it is stored', async () => (await service.stored()) === 4, 30_000)
    const second = openLive(service, '/live?filter=port.dst%20eq%2022', token, first.events.at(-1)?.id ?? '')
    await until('what came meanwhile is shown', () => records(second).length === 1)
    assert.match(records(second)[0] ?? '', /198\.51\.100\.10/)
    second.close()
  })
})

const firstPage = (service: Service, cursor: string | null) =>
  service.control.call('queryRecords', { filter: '', limit: 5, ...(cursor === null ? {} : { cursor }) })

async function viewerToken({ app }: Service): Promise<string> {
  const { accounts } = app.parts
  assert.ok(accounts)
  const user = await accounts.addUser(
    'vera',
    'viewer',
    'correct horse battery staple',
    { user: 'tester' },
    false,
  )
  const given = { name: 'test', role: 'viewer', scopes: null, expiresAtMs: null } as const
  return (await accounts.tokens.add(user, given)).text
}

function portOf(service: Service): number {
  return Number(new URL(service.app.urls.page).port)
}

function ask(service: Service, path: string, token: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(options(service, path, token), (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
    })
    asked.on('error', reject)
    asked.end()
  })
}

function options(service: Service, path: string, token: string): object {
  return {
    host: '127.0.0.1',
    port: portOf(service),
    path: API_PREFIX + path,
    rejectUnauthorized: false, // the certificate is checked by its own tests
    agent: false,
    headers: token === '' ? {} : { authorization: `Bearer ${token}` },
  }
}

interface Live {
  readonly events: { id: string; event: string; data: string }[]
  readonly close: () => void
}

function openLive(service: Service, path: string, token: string, lastId: string | null): Live {
  const events: Live['events'] = []
  const given = options(service, path, token) as { headers: Record<string, string> }
  if (lastId !== null) given.headers['last-event-id'] = lastId
  const asked = request(given, (answer) => {
    assert.equal(answer.statusCode, 200)
    assert.match(String(answer.headers['content-type']), /^text\/event-stream/)
    let text = ''
    answer.setEncoding('utf8').on('data', (more: string) => {
      const blocks = (text + more).split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const [, id = '', event = '', data = ''] = /^id: (.*)\nevent: (.*)\ndata: (.*)$/.exec(block) ?? []
        if (event !== '') events.push({ id, event, data })
      }
    })
    answer.on('error', () => {}) // closed by the test
  })
  asked.on('error', () => {}) // as above
  asked.end()
  return { events, close: () => void asked.destroy() }
}

const records = ({ events }: Live): string[] =>
  events.filter(({ event }) => event === 'record').map(({ data }) => data)

/** What people add they can change: feeds, firewalls, bouncers, lists of others and recipients, over the API with If-Match. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Service, startService, until } from './harness.ts'

const PASSWORD = 'correct horse battery'

interface Got {
  readonly status: number
  readonly etag: string
  readonly cookie: string
  readonly json: Record<string, unknown>
}

type Asked = readonly [method: string, path: string, body?: object]

function ask(service: Service, [method, path, body]: Asked, headers: Record<string, string>): Promise<Got> {
  const port = Number(new URL(service.app.urls.page).port)
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port,
        path: `/api/v1${path}`,
        method,
        rejectUnauthorized: false,
        agent: false,
        headers: { 'x-requested-with': 'test', 'content-type': 'application/json', ...headers },
      },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            etag: answer.headers.etag ?? '',
            cookie: (answer.headers['set-cookie'] ?? []).map((one) => one.split(';', 1)[0]).join('; '),
            json: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
          }),
        )
        answer.on('error', reject)
      },
    )
    asked.on('error', reject)
    asked.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

test('everything that can be added can be changed, and not over what somebody else has changed meanwhile', async (t) => {
  const service = await startService(t)
  await service.control.call('addUser', {
    name: 'ada',
    role: 'administrator',
    password: PASSWORD,
    mustChange: false,
  })
  const { cookie } = await ask(
    service,
    ['POST', '/session', { name: 'ada', password: PASSWORD, code: null }],
    {},
  )
  const send = (asked: Asked, headers: Record<string, string> = {}): Promise<Got> =>
    ask(service, asked, { cookie, ...headers })
  const list = join(service.folder, 'partner.txt')
  await writeFile(list, '198.51.100.7\n')
  const reason = 'test'
  /** Where it is added and found, what is changed, and where the answer shows it. */
  const kinds: readonly {
    add: Asked
    at: string
    change: object
    shows: (json: never) => unknown
    now: unknown
  }[] = [
    {
      add: ['POST', '/feeds', { feed: 'edge', definition: {}, reason }],
      at: '/feeds/edge',
      change: { definition: { headroomPercent: 20 }, reason },
      shows: ({ feed }: { feed: { headroomPercent: number } }) => feed.headroomPercent,
      now: 20,
    },
    {
      add: ['POST', '/firewalls', { name: 'edge', addresses: ['192.0.2.1'] }],
      at: '/firewalls/edge',
      change: { devices: ['LAB-FW-01'] },
      shows: ({ devices }: { devices: string[] }) => devices,
      now: ['LAB-FW-01'],
    },
    {
      add: ['POST', '/bouncers', { name: 'web-1' }],
      at: '/bouncers/web-1',
      change: { hostsOnly: true, note: 'reverse proxy' },
      shows: ({ bouncer }: { bouncer: { note: string } }) => bouncer.note,
      now: 'reverse proxy',
    },
    {
      add: ['POST', '/imports', { name: 'partner', direction: 'block', from: list }],
      at: '/imports/partner',
      change: { refreshMinutes: 15 },
      shows: ({ refreshMinutes }: { refreshMinutes: number }) => refreshMinutes,
      now: 15,
    },
    {
      add: ['POST', '/notify/recipients', { id: 'soc', to: { channel: 'mail', address: 'soc@example.com' } }],
      at: '/notify/recipients/soc',
      change: { digestMinutes: 30 },
      shows: ({ digestMinutes }: { digestMinutes: number }) => digestMinutes,
      now: 30,
    },
  ]
  for (const { add, at, change, shows, now } of kinds) {
    const added = await send(add)
    assert.equal(added.status, 200, `${at}: ${JSON.stringify(added.json)}`)
    const { etag } = await send(['GET', at])
    const changed = await send(['PATCH', at, change], { 'if-match': etag })
    assert.equal(changed.status, 200, `${at}: ${JSON.stringify(changed.json)}`)
    assert.deepEqual(shows(changed.json as never), now, at)
    const again = await send(['PATCH', at, change], { 'if-match': etag })
    assert.equal(again.status, 412, at)
    assert.equal((await send(['PATCH', at, change])).status, 200, `${at} without If-Match`)
  }
  await until('the list is read', async () => (await service.list()).includes('198.51.100.7'))
  const actions = new Set<string>()
  const { items } = await service.control.call('listAudit', { count: 100 })
  for (const { action, actor } of items) if (actor === 'ada') actions.add(action)
  for (const action of ['feed.change', 'firewall.change', 'bouncer.change', 'import.change', 'notify.change'])
    assert.ok(actions.has(action), action)
})

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { FakeService } from './testing-service.ts'

const service = new FakeService()
after(() => service.end())

const VIEW = {
  id: 'soc',
  enabled: true,
  channel: 'mail',
  to: 'soc@example.com',
  format: null,
  topics: ['block', 'alarm'],
  severity: 'warning',
  quiet: null,
  digestMinutes: 5,
  perHour: 10,
  lines: 10,
  waiting: 2,
  failures: 1,
  nextTryAt: null,
  lastDeliveredAt: null,
  lastFailedAt: null,
  lastFailure: '450 try\u202e later',
}
const SENT = { outcome: 'delivered', message: '250 queued' }

test('notify list shows who is told what and how they fare, hostile text made visible', async () => {
  await service.serve({ listRecipients: [VIEW] })
  const { code, out } = await service.run(['notify', 'list'])
  assert.equal(code, 0)
  assert.match(out, /^NAME +BY +TO +TOLD +WAITING +LAST DELIVERED +STATE\n/)
  assert.match(
    out,
    /soc +mail +soc@example\.com +block,alarm +2 +never +failing: 450 try\\u\{202e\} later\n1 recipient\n/,
  )
})

test('notify add takes one way to tell and the choices; what is not given is left to the service', async () => {
  await service.serve({ addRecipient: VIEW })
  const add = async (...args: string[]): Promise<unknown> => {
    service.asked.length = 0
    const { code, err } = await service.run(['notify', 'add', 'soc', ...args])
    return code === 0 ? service.asked[0]?.[1] : [code, err]
  }
  assert.deepEqual(
    await add('--mail', 'soc@example.com', '--quiet', '22:00-06:00', '--topics', 'block, alarm'),
    {
      id: 'soc',
      to: { channel: 'mail', address: 'soc@example.com' },
      reason: '',
      topics: ['block', 'alarm'],
      quiet: { from: '22:00', to: '06:00' },
    },
  )
  assert.deepEqual(await add('--siem', 'tcp://[2001:db8::9]:514', '--format', 'json', '--off'), {
    id: 'soc',
    to: { channel: 'siem', host: '2001:db8::9', port: 514, transport: 'tcp', format: 'json' },
    reason: '',
    enabled: false,
  })
  assert.deepEqual(
    await add('--webhook', 'https://192.0.2.1/x', '--format', 'slack', '--digest', '1', '--lines', '0'),
    {
      id: 'soc',
      to: { channel: 'webhook', format: 'slack', url: 'https://192.0.2.1/x', secret: null },
      reason: '',
      digestMinutes: 1,
      lines: 0,
    },
  )
})

test('wrong words are usage errors that say what was expected, before the service is asked', async () => {
  await service.serve({ addRecipient: VIEW })
  service.asked.length = 0
  const cases: [string[], RegExp][] = [
    [[], /say how it is told/],
    [['--mail', 'a@example.com', '--siem', 'udp://192.0.2.1:514'], /give one of/],
    [['--siem', '192.0.2.1'], /expected udp:\/\/HOST:PORT/],
    [['--mail', 'a@example.com', '--topics', 'blocks'], /--topics blocks: expected block, held/],
    [['--mail', 'a@example.com', '--quiet', '22'], /such as 22:00-06:00/],
    [['--mail', 'a@example.com', '--digest', 'soon'], /expected a whole number/],
    [['--webhook', 'https://192.0.2.1/', '--format', 'xml'], /expected json, slack, teams/],
  ]
  for (const [args, expected] of cases) {
    const { code, err } = await service.run(['notify', 'add', 'soc', ...args])
    assert.equal(code, 2, args.join(' '))
    assert.match(err, expected)
  }
  assert.deepEqual(service.asked, [])
})

test('test and replay say what became of it and exit 1 when it was not delivered', async () => {
  const failed = { outcome: 'given-up', message: '550 no such user' }
  await service.serve({
    testRecipient: failed,
    replayDelivery: SENT,
    removeRecipient: { message: 'soc is gone' },
  })
  assert.deepEqual(await service.run(['notify', 'test', 'soc']), {
    code: 1,
    out: 'given-up: 550 no such user\n',
    err: '',
  })
  assert.equal((await service.run(['notify', 'replay', '01996c3e-0000-7000-8000-000000000000'])).code, 0)
  assert.equal((await service.run(['notify', 'remove', 'soc'])).out, 'soc is gone\n')
})

test('notify log prints so many of the newest deliveries', async () => {
  const row = {
    id: 'x',
    recipient: 'soc',
    at: '2026-11-22T12:00:00.000Z',
    outcome: 'failed',
    channel: 'mail',
    cause: 'notice',
    reason: '450',
    attempt: 1,
    what: '3 new blocks',
    notices: [],
    reported: [],
    durationMs: 5,
  }
  await service.serve({ listDeliveries: [row, row, row] })
  const { out } = await service.run(['notify', 'log', '--outcome', 'failed', '--count', '2'])
  assert.equal(out.split('\n').length, 4)
  assert.match(out, /soc +failed +3 new blocks +450/)
})

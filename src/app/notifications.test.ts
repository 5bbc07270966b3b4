/** Recipients, alarms and operations over a real state, with a SIEM on loopback as the channel that is seen. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { defaultSettings, type Settings } from '../config/schema.ts'
import { ManualClock } from '../lib/clock.ts'
import { SecretBox } from '../lib/secret-box.ts'
import { audit, NOW_MS, StateFolder } from '../store/state/state-fixture.ts'
import type { StateStore } from '../store/state/state-store.ts'
import { Alarms } from '../telemetry/alarms.ts'
import { Events } from '../telemetry/events.ts'
import { createLog } from '../telemetry/log.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { Notifications } from './notifications.ts'
import { notifyActions } from './notify-actions.ts'
import type { Parts } from './parts.ts'

const DAY_MS = 86_400_000
const CALLER = { user: 'anna' }

async function setUp(t: TestContext) {
  const folder = new StateFolder()
  const state = folder.open()
  const socket = createSocket('udp4')
  const heard: { topic: string; title: string }[] = []
  socket.on('message', (bytes) => {
    const text = bytes.toString('utf8')
    heard.push(JSON.parse(text.slice(text.indexOf('{'))) as { topic: string; title: string })
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const clock = new ManualClock(NOW_MS)
  const said: string[] = []
  const log = createLog({ level: 'info', stream: { write: (line) => said.push(line) } })
  const settings: Settings = { ...defaultSettings(), 'time.zone': 'UTC', 'notify.diskPercent': 100 }
  let notifications: Notifications | null = null
  const alarms = new Alarms({
    clock,
    onChange: (change, alarm) => notifications?.alarmChanged(change, alarm),
  })
  const parts = {
    version: '0.1.0',
    dataFolder: folder.folder,
    clock,
    startedAtMs: NOW_MS,
    alarms,
    events: new Events(log, createMetrics({ withProcess: false })),
    certificate: { served: { notAfterMs: NOW_MS + 100 * DAY_MS } },
    fetches: { fetchers: () => [] },
    decider: null,
    pipeline: null,
    geo: null,
    notifications: null as Notifications | null,
  }
  const open = (): Promise<Notifications> =>
    Notifications.open({
      parts: parts as unknown as Parts,
      state,
      settings: () => settings,
      box: SecretBox.open(join(folder.folder, 'secrets.key')),
      pageUrl: () => 'https://192.0.2.1/',
    })
  notifications = await open()
  parts.notifications = notifications
  const actions = notifyActions(parts as unknown as Parts, () => state)
  t.after(async () => {
    socket.close()
    await state.close()
    folder.remove()
  })
  const to = {
    channel: 'siem',
    host: '127.0.0.1',
    port: socket.address().port,
    transport: 'udp',
    format: 'json',
  } as const
  const pass = async (ms: number): Promise<void> => {
    await notifications?.settle() // what has come begins to wait now
    clock.advance(ms)
    await notifications?.settle()
  }
  const titles = async (count: number): Promise<string[]> => {
    while (heard.length < count) await once(socket, 'message')
    return heard.map(({ title }) => title)
  }
  /** The service ends and starts; `alarms` are raised anew by their parts. */
  const restart = async (): Promise<void> => {
    await notifications?.stop()
    notifications = null
    for (const { code } of alarms.active()) alarms.clear(code)
    notifications = await open()
    parts.notifications = notifications
    parts.startedAtMs = clock.nowMs()
  }
  return { restart, state, clock, alarms, notifications, actions, to, pass, titles, parts, said }
}

async function actionsAudited(state: StateStore): Promise<string[]> {
  return (await state.audit({ limit: 100 })).map(({ action, subject }) => `${action} ${subject}`).reverse()
}

test('recipients are added, changed and removed with audit rows, and refused where they do not fit', async (t) => {
  const { actions, state, to } = await setUp(t)
  const mail = { channel: 'mail', address: 'soc@example.com' } as const
  const added = await actions.addRecipient({ id: 'soc', to: mail, reason: 'on call' }, CALLER)
  assert.deepEqual([added.topics.length, added.digestMinutes, added.perHour, added.lines], [5, 5, 10, 10])
  await assert.rejects(
    async () => actions.addRecipient({ id: 'soc', to: mail, reason: '' }, CALLER),
    /already/,
  )
  const changed = await actions.changeRecipient({ id: 'soc', digestMinutes: 15, reason: '' }, CALLER)
  assert.deepEqual([changed.digestMinutes, changed.to], [15, 'soc@example.com'])
  await assert.rejects(
    async () => actions.changeRecipient({ id: 'soc', to, reason: '' }, CALLER),
    /another recipient/,
  )
  await assert.rejects(async () => actions.changeRecipient({ id: 'nobody', reason: '' }, CALLER), {
    code: 'not-found',
  })
  await actions.removeRecipient({ id: 'soc', reason: 'left' }, CALLER)
  assert.deepEqual([...((await actions.listRecipients({}, CALLER)) as Iterable<unknown>)], [])
  assert.deepEqual(await actionsAudited(state), ['notify.add soc', 'notify.change soc', 'notify.remove soc'])
})

test('alarms are told when they are raised and when they end, not when they are renewed; audit rows too', async (t) => {
  const { actions, alarms, to, pass, titles, state } = await setUp(t)
  await actions.addRecipient({ id: 'siem', to, topics: ['alarm', 'audit'], reason: '' }, CALLER)
  const alarm = { code: 'brake', severity: 'critical', message: 'Too many blocks.', mend: 'Look.' } as const
  alarms.raise(alarm)
  alarms.raise(alarm)
  await pass(3000)
  assert.deepEqual(await titles(2), ['Too many blocks', 'notify.add siem'])
  alarms.clear('brake')
  await state.commit([audit(1, { action: 'allow.add', subject: '192.0.2.0/24' })])
  await pass(3000)
  assert.deepEqual((await titles(4)).slice(2), ['No longer: Too many blocks', 'allow.add 192.0.2.0/24'])
})

test('the certificate is told about at its days, and the week at its hour, each once', async (t) => {
  const { actions, to, pass, titles, parts, clock, notifications } = await setUp(t)
  await actions.addRecipient({ id: 'siem', to, topics: ['alarm', 'report'], reason: '' }, CALLER)
  parts.certificate.served.notAfterMs = NOW_MS + 14 * DAY_MS
  await pass(61_000)
  await pass(3000)
  assert.deepEqual(await titles(1), ['The certificate of the list ends in 14 days'])
  clock.set(Date.UTC(2026, 10, 23, 6, 59)) // a Monday
  await pass(0)
  assert.equal((await titles(1)).length, 1)
  clock.set(Date.UTC(2026, 10, 23, 7, 1))
  await pass(3000)
  await pass(3000)
  assert.match((await titles(2))[1] ?? '', /^Weekly report 2026-11-16 to 2026-11-23: 0 new blocks/)
  await pass(3_600_000)
  await pass(3000)
  assert.equal((await titles(2)).length, 2)
  await notifications.stop()
})

test('a recipient that cannot be reached raises an alarm that the others are told, and a delivery clears it', async (t) => {
  const { actions, alarms, to, pass, titles, notifications } = await setUp(t)
  const mail = { channel: 'mail', address: 'soc@example.com' } as const // smtp.host is not set
  await actions.addRecipient({ id: 'soc', to: mail, topics: ['alarm'], reason: '' }, CALLER)
  await actions.addRecipient({ id: 'siem', to, topics: ['alarm'], reason: '' }, CALLER)
  alarms.raise({ code: 'brake', severity: 'critical', message: 'Too many blocks.', mend: 'Look.' })
  await pass(3000)
  await pass(40_000)
  assert.equal(alarms.has('notify-failing:soc'), true)
  await pass(3000)
  assert.match(
    (await titles(2))[1] ?? '',
    /^Mails to the recipient soc are not delivered: smtp\.host is not set/,
  )
  const [row] = [
    ...((await actions.listRecipients({}, CALLER)) as Iterable<{ id: string; failures: number }>),
  ].filter(({ id }) => id === 'soc')
  assert.equal(row?.failures, 2)
  assert.match((await notifications.test('soc', 'anna')).reason, /smtp\.host is not set/)
  await assert.rejects(notifications.test('nobody', 'anna'), { code: 'not-found' })
})

test('after a restart an alarm that still stands is not told again, and one that is over is', async (t) => {
  const { actions, alarms, to, pass, titles, restart } = await setUp(t)
  await actions.addRecipient({ id: 'siem', to, topics: ['alarm'], reason: '' }, CALLER)
  const brake = { code: 'brake', severity: 'critical', message: 'Too many blocks.', mend: 'Look.' } as const
  const disk = {
    code: 'feed-held:main',
    severity: 'warning',
    message: 'A feed is held.',
    mend: 'Look.',
  } as const
  alarms.raise(brake)
  alarms.raise(disk)
  await pass(3000)
  assert.equal((await titles(2)).length, 2)
  await restart()
  alarms.raise(brake)
  await pass(61_000)
  await pass(3000)
  assert.equal((await titles(2)).length, 2)
  await pass(600_000)
  await pass(3000)
  assert.deepEqual((await titles(3)).slice(2), ['No longer, since the restart: feed-held:main'])
  alarms.raise({ ...brake, severity: 'warning' })
  await pass(3000)
  assert.equal((await titles(4)).length, 4, 'another severity is told')
})

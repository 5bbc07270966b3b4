/** Lists of others read from a real server and from files: schedule, brakes, safety of the reading, names of hosts. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { NOW_MS, rules } from '../../decide/decide-fixture.ts'
import { Decider } from '../../decide/decider.ts'
import { MemoryRepository } from '../../decide/memory-repository.ts'
import { formatNetwork } from '../../lib/address.ts'
import { ManualClock } from '../../lib/clock.ts'
import { SecretBox } from '../../lib/secret-box.ts'
import { MemoryObjects } from '../../publish/crowdsec/bouncer-fixture.ts'
import { WebTargets } from '../../publish/notify/web-target.ts'
import { Alarms } from '../../telemetry/alarms.ts'
import { differences } from './compare.ts'
import { fetchList, LIST_LIMIT_BYTES } from './fetch-list.ts'
import type { SourceBody } from './import-source.ts'
import { Importer } from './importer.ts'

const HOUR_MS = 3_600_000
const LOCAL = ['127.0.0.0/8']

let folder: string
let server: Server
let url: string
let asked: IncomingMessage[]
let answer: (response: ServerResponse) => void
let clock: ManualClock
let decider: Decider
let state: MemoryRepository
let objects: MemoryObjects
let alarms: Alarms
let importer: Importer
let hosts: Record<string, string[] | Error>
let targets: string[]

const text = (...lines: string[]): void => {
  answer = (response) => response.end(lines.map((line) => `${line}\n`).join(''))
}
const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `198.51.100.${i}`)
const listed = (): string[] => decider.published().map(formatNetwork).toSorted()
const codes = (): string[] => alarms.active().map(({ code }) => code)

async function open(): Promise<void> {
  importer = await Importer.open({
    repository: objects,
    decider,
    box: new SecretBox(Buffer.alloc(32, 7)),
    clock,
    alarms,
    privateTargets: () => targets,
    folders: () => [folder],
    askAddresses: (host) => {
      const known = hosts[host] ?? new Error('ENOTFOUND')
      return known instanceof Error ? Promise.reject(known) : Promise.resolve(known)
    },
  })
}

const body = (changes: Partial<SourceBody> = {}): SourceBody => ({
  direction: 'block',
  from: url,
  hosts: [],
  refreshMs: HOUR_MS,
  confidence: null,
  lifetimeMs: 24 * HOUR_MS,
  takesWide: false,
  maxEntries: 1000,
  authorization: null,
  pin: null,
  note: '',
  createdAtMs: NOW_MS,
  createdBy: 'anna',
  ...changes,
})

const add = (name: string, changes: Partial<SourceBody> = {}) => importer.add(name, body(changes), 'anna')
const refresh = (name: string, isConfirmed = false) => importer.refresh(name, isConfirmed, 'anna')

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ads-import-'))
  asked = []
  hosts = {}
  targets = LOCAL
  server = createServer((request, response) => {
    asked.push(request)
    answer(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/list.txt`
  clock = new ManualClock(NOW_MS)
  state = new MemoryRepository()
  objects = new MemoryObjects()
  alarms = new Alarms({ clock, onChange: () => {} })
  decider = await Decider.open({ repository: state, rules: rules(), clock, alarms })
  await open()
})

afterEach(async () => {
  await importer.stop()
  server.close()
  server.closeAllConnections()
  await rm(folder, { recursive: true })
})

describe('a list of others', () => {
  test('is read, blocked, read again on its schedule with the tag of the last answer, and let go when it is removed', async () => {
    answer = (response) => response.setHeader('etag', '"one"').end('198.51.100.7\n198.51.100.8\n')
    await add('partner')
    await refresh('partner')
    assert.deepEqual(listed(), ['198.51.100.7', '198.51.100.8'])
    answer = (response) => response.writeHead(304).end()
    clock.advance(HOUR_MS)
    importer.tick()
    await importer.stop()
    assert.equal(asked[1]?.headers['if-none-match'], '"one"')
    assert.deepEqual(listed(), ['198.51.100.7', '198.51.100.8'])
    assert.deepEqual(await importer.remove('partner', 'anna', 'not needed'), { ended: 2 })
    assert.deepEqual(listed(), [])
    assert.deepEqual(
      objects.audit.map(({ action, actor }) => `${action} ${actor}`),
      ['import.create anna', 'import.remove anna'],
    )
    assert.equal(objects.stored.size, 0)
  })

  test('is known after a restart, and read at once', async () => {
    text('198.51.100.7')
    await add('partner')
    await refresh('partner')
    await importer.stop()
    await open()
    text('198.51.100.7', '198.51.100.9')
    importer.tick()
    await importer.stop()
    assert.deepEqual(listed(), ['198.51.100.7', '198.51.100.9'])
    assert.equal(importer.find('partner').state.entries, 2)
  })

  test('that fails, is empty or no list changes nothing; after three tries an alarm says so', async () => {
    text('198.51.100.7')
    await add('partner')
    await refresh('partner')
    for (const [wrong, why] of [
      [(response: ServerResponse) => response.writeHead(500).end(), /HTTP 500/],
      [(response: ServerResponse) => response.end('<html>sign in</html>'), /names no address/],
      [(response: ServerResponse) => response.end(''), /names no address/],
    ] as const) {
      assert.deepEqual(codes(), [])
      answer = wrong
      await assert.rejects(refresh('partner'), why)
      assert.deepEqual(listed(), ['198.51.100.7'])
    }
    assert.deepEqual(codes(), ['import-failing'])
    text('198.51.100.7')
    await refresh('partner')
    assert.deepEqual(codes(), [])
  })

  test('that could not be read for longer than its entries may stay is let go', async () => {
    text('198.51.100.7')
    await add('partner')
    await refresh('partner')
    answer = (response) => response.destroy()
    clock.advance(23 * HOUR_MS)
    await assert.rejects(refresh('partner'))
    assert.deepEqual(listed(), ['198.51.100.7'])
    clock.advance(2 * HOUR_MS)
    await assert.rejects(refresh('partner'))
    assert.deepEqual(listed(), [])
  })

  test('that shrinks by more than half or grows out of measure waits for a person', async () => {
    text(...many(40))
    await add('partner', { maxEntries: 5000 })
    await refresh('partner')
    text(...many(19))
    await refresh('partner')
    assert.equal(listed().length, 40)
    assert.deepEqual([importer.find('partner').state.isHeld, codes()], [true, ['import-held']])
    await refresh('partner', true)
    assert.deepEqual([listed().length, codes()], [19, []])
    text(...Array.from({ length: 1100 }, (_, i) => `2001:db8:${i.toString(16)}::/64`))
    await refresh('partner')
    assert.deepEqual([listed().length, codes()], [19, ['import-held']])
    assert.ok(objects.audit.some(({ action }) => action === 'import.confirm'))
  })

  test('has its entries bounded, and a dry run changes nothing', async () => {
    text(...many(40), '10.0.0.1', 'nonsense')
    const preview = await importer.preview('partner', body())
    assert.deepEqual(
      [preview.entries, preview.unreadable, preview.added, preview.leftOut],
      [41, 1, 40, [{ reason: 'protected', count: 1, examples: ['10.0.0.1'] }]],
    )
    assert.deepEqual([listed(), importer.all()], [[], []])
    await add('short', { maxEntries: 10 })
    const { state: told } = await refresh('short')
    assert.equal(listed().length, 10)
    assert.match(told.problem ?? '', /beyond the limit of 10/)
  })

  test('may be changed: it is read again at once, and what it names no more goes', async () => {
    text(...many(40))
    const { source } = await add('partner', {
      authorization: importer.seal('partner', 'Bearer secret-of-ours'),
    })
    await refresh('partner')
    assert.equal(listed().length, 40)
    text('198.51.100.3')
    const changed = await importer.change(
      'partner',
      (known) => ({ ...known, from: `${url}?half`, note: 'the half' }),
      'anna',
      'smaller',
    )
    assert.equal(changed.source.version, source.version + 1)
    importer.tick()
    await refresh('partner')
    // Less than half of what it named, and not held: a person has changed it.
    assert.deepEqual(listed(), ['198.51.100.3'])
    assert.equal(asked.at(-1)?.url, '/list.txt?half')
    await importer.stop()
    await open()
    assert.equal(importer.find('partner').source.note, 'the half')
    assert.equal(importer.find('partner').source.version, source.version + 1)
    const told = objects.audit.find(({ action }) => action === 'import.change')
    assert.equal(told?.reason, 'smaller')
    assert.ok(!JSON.stringify(told).includes('sealed') && !JSON.stringify(told).includes('secret-of-ours'))
    await assert.rejects(
      importer.change('other', (known) => known, 'anna', null),
      /there is no list/,
    )
  })

  for (const [what, edit, left] of [
    [
      'changed',
      () => importer.change('partner', (known) => ({ ...known, from: `${url}?new` }), 'anna', null),
      1,
    ],
    ['removed', () => importer.remove('partner', 'anna', 'gone'), 0],
  ] as const) {
    test(`is not read while it is ${what}, so that nothing of the old one comes after`, async (context) => {
      text('198.51.100.1')
      await add('partner')
      await refresh('partner')
      clock.advance(HOUR_MS)
      const changeObject = objects.changeObject.bind(objects)
      context.mock.method(objects, 'changeObject', async (...all: Parameters<typeof changeObject>) => {
        importer.tick()
        return changeObject(...all)
      })
      await edit()
      assert.equal(asked.length, 1)
      importer.tick()
      await importer.stop()
      assert.deepEqual(
        asked.slice(1).map(({ url: path }) => path),
        Array(left).fill('/list.txt?new'),
      )
      assert.equal(listed().length, left)
    })
  }

  test('may be a file, read again only when it has changed', async () => {
    const path = join(folder, 'list.txt')
    await writeFile(path, '198.51.100.7\n')
    await add('local', { from: path })
    await refresh('local')
    await refresh('local')
    await writeFile(path, '198.51.100.8\n198.51.100.9\n')
    await refresh('local')
    assert.deepEqual(listed(), ['198.51.100.8', '198.51.100.9'])
  })

  test('is a regular file, of which nothing is told when it is no list', async () => {
    const path = join(folder, 'other.txt')
    await writeFile(path, 'password-of-something\n')
    await add('local', { from: path })
    await assert.rejects(refresh('local'), (error: Error) => {
      assert.match(error.message, /names no address/)
      return !error.message.includes('password')
    })
    execFileSync('mkfifo', [join(folder, 'fifo')])
    await add('fifo', { from: join(folder, 'fifo') })
    await assert.rejects(refresh('fifo'), /not a regular file/)
    await mkdir(join(folder, 'folder'))
    await add('folder', { from: join(folder, 'folder') })
    await assert.rejects(refresh('folder'), /not a regular file/)
  })

  test('that lies outside the allowed folders is neither added, tried, nor moved to', async () => {
    const from = join(folder, '..', 'x.txt')
    await assert.rejects(add('bad', { from }), /import\.folders in the configuration file/)
    await assert.rejects(importer.preview('bad', body({ from })), /import\.folders/)
    await add('good')
    const move = importer.change('good', (before) => ({ ...before, from }), 'anna', null)
    await assert.rejects(move, /import\.folders/)
  })
})

describe('the reading of a list', () => {
  const place = (changes = {}) => ({
    from: url,
    authorization: null,
    pin: null,
    tag: null,
    folders: [],
    ...changes,
  })
  const read = (changes = {}, allowed = LOCAL) =>
    fetchList(place(changes), new WebTargets(allowed, 'import.privateTargets'))

  test('reaches no private address that is not named, and plain HTTP only those', async () => {
    text('198.51.100.7')
    await assert.rejects(read({}, []), /127\.0\.0\.1 is not public: .*import\.privateTargets can allow it/)
    await assert.rejects(read({ from: url.replace('127.0.0.1', 'localhost') }, []), /is not public/)
    assert.equal(asked.length, 0)
    assert.deepEqual(await read(), { changed: true, text: '198.51.100.7\n', tag: null })
  })

  test('follows no redirect', async () => {
    answer = (response) => response.writeHead(302, { location: 'http://127.0.0.1/other' }).end()
    await assert.rejects(read(), /redirects are not followed/)
    assert.equal(asked.length, 1)
  })

  test('sends the credentials, unpacks gzip, and stops at its limit, packed or not', async () => {
    answer = (response) =>
      response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.from('198.51.100.7\n')))
    assert.deepEqual(await read({ authorization: 'Bearer x' }), {
      changed: true,
      text: '198.51.100.7\n',
      tag: null,
    })
    assert.equal(asked[0]?.headers.authorization, 'Bearer x')
    answer = (response) =>
      response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(LIST_LIMIT_BYTES + 1)))
    await assert.rejects(read(), /it is larger than/)
  })

  test('keeps credentials sealed', async () => {
    text('198.51.100.7')
    await add('partner', { authorization: importer.seal('partner', 'Bearer secret-of-ours') })
    await refresh('partner')
    assert.equal(asked[0]?.headers.authorization, 'Bearer secret-of-ours')
    assert.ok(!JSON.stringify([...objects.stored.values(), ...objects.audit]).includes('secret-of-ours'))
  })
})

describe('an allowlist of hosts', () => {
  test('follows their addresses and keeps the last good answer of those that cannot be resolved', async () => {
    hosts = { 'vpn.example.net': ['198.51.100.7', '2001:db8::7'], 'office.example.net': ['198.51.100.8'] }
    await decider.blocks.add({ target: '198.51.100.8', reason: 'mine' }, 'anna')
    await add('offices', { direction: 'allow', from: null, hosts: Object.keys(hosts) })
    await refresh('offices')
    const allowed = (): string[] =>
      decider.allow
        .list()
        .map(({ target }) => formatNetwork(target))
        .toSorted()
    assert.deepEqual(allowed(), ['198.51.100.7', '198.51.100.8', '2001:db8::7'])
    assert.deepEqual(listed(), [])
    hosts = { 'vpn.example.net': ['198.51.100.17'] }
    const { state: told } = await refresh('offices')
    assert.deepEqual(allowed(), ['198.51.100.17', '198.51.100.8'])
    assert.match(told.problem ?? '', /office\.example\.net/)
    hosts = {}
    await importer.stop()
    await open()
    await refresh('offices')
    assert.deepEqual(allowed(), ['198.51.100.17', '198.51.100.8'])
  })
})

describe('a list that is compared', () => {
  test('blocks nothing, and tells who is on one list only and why', async () => {
    text('198.51.100.1', '198.51.100.2', '198.51.100.3', '198.51.100.4', '10.0.0.1', '192.0.2.0/26')
    await decider.blocks.add({ target: '198.51.100.1', reason: 'both' }, 'anna')
    await decider.allow.add({ target: '198.51.100.2', reason: 'partner' }, 'anna')
    await decider.blocks.add({ target: '198.51.100.4', reason: 'was' }, 'anna')
    await decider.blocks.lift('198.51.100.4', 'berta', 'a mistake')
    await decider.blocks.add({ target: '192.0.2.7', reason: 'in theirs' }, 'anna')
    await decider.blocks.add({ target: '198.51.100.9', reason: 'ours' }, 'anna')
    await add('old', { direction: 'compare' })
    const { networks } = await refresh('old')
    assert.deepEqual(listed(), ['192.0.2.7', '198.51.100.1', '198.51.100.9'])
    const told: Record<string, string> = {}
    for await (const { target, side, why } of differences(decider, state, networks ?? []))
      told[`${side} ${target}`] = why
    assert.deepEqual(Object.keys(told), [
      'theirs 198.51.100.2',
      'theirs 198.51.100.3',
      'theirs 198.51.100.4',
      'theirs 10.0.0.1',
      'theirs 192.0.2.0/26',
      'ours 198.51.100.9',
    ])
    assert.match(told['theirs 198.51.100.2'] ?? '', /the allowlist holds/)
    assert.match(told['theirs 198.51.100.3'] ?? '', /no rule has found anything/)
    assert.match(told['theirs 198.51.100.4'] ?? '', /lifted by berta.*a mistake/)
    assert.match(told['theirs 192.0.2.0/26'] ?? '', /only part of it is blocked: 1 block inside it/)
    assert.match(told['ours 198.51.100.9'] ?? '', /by anna: ours/)
  })
})

/**
 * What an earlier run, a crash or a stranger left in the data folder: whole segments are stored, damaged ones put aside
 * with an alarm, and nothing keeps the rest from being stored. And what a kill left undecided is decided at the start.
 */
import assert from 'node:assert/strict'
import { copyFile, cp, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { systemClock } from '../../src/lib/clock.ts'
import { SegmentSpool, type SpooledSegment } from '../../src/store/logs/segment-spool.ts'
import { SegmentWriter } from '../../src/store/logs/segment-writer.ts'
import { batchOf, numbered } from '../../src/store/logs/test-batches.ts'
import { customLine, scan, startService, temporaryFolder, until } from './harness.ts'

const DAY_MS = 86_400_000
/** Kept long enough that the nightly clean-up, should it strike during the test, drops nothing. */
const KEEP = ['retention.logMonths=120']

describe('leftovers of an earlier run', () => {
  test('segments cut short, damaged, foreign, over three and over 200 days: all handled, nothing stuck', async (t) => {
    const { folder, data, segments } = await dataFolder(t)
    const today = Math.floor(Date.now() / DAY_MS) * DAY_MS
    const days = (count: number): number[] => Array.from({ length: count }, (_, i) => today - i * DAY_MS)

    const plain = await makeSegment(data, [today], 100)
    const threeDays = await makeSegment(data, days(3), 10)
    const manyDays = await makeSegment(data, days(200), 3)
    const cut = await makeSegment(data, [today], 50)
    const flipped = await makeSegment(data, [today], 50)
    const renamed = await makeSegment(data, [today], 50)
    const last = await makeSegment(data, [today], 7)
    assert.ok([plain, threeDays, manyDays, last].every(({ fileBytes }) => fileBytes > 0))

    await truncate(cut.path, Math.floor(cut.fileBytes / 2))
    await flipByte(flipped.path, Math.floor(flipped.footer.bytes / 2))
    await copyFile(renamed.path, join(segments, `${otherName(renamed)}.native`))
    await rm(renamed.path)
    await writeFile(join(segments, 'notes.txt'), 'left by somebody\n')
    await writeFile(join(segments, '00000000-0000-7000-8000-000000000000.native'), '')
    await writeFile(join(segments, '00000000-0000-7000-8000-000000000001.native'), Buffer.alloc(5000, 7))
    await mkdir(join(segments, 'a folder'))
    await writeFile(join(segments, `${otherName(last)}.native.tmp`), 'a write that was never finished')

    const service = await startService(t, { folder, sets: KEEP })
    await until(
      'the whole segments are stored',
      async () => (await service.stored()) >= 100 + 30 + 600 + 7,
      60_000,
    )
    await until('no segment waits', async () => (await readdir(segments)).length === 0, 30_000)
    assert.equal(await service.stored(), 100 + 30 + 600 + 7)
    assert.equal(await service.stored(`receivedAt >= toDateTime64(${(today - 2 * DAY_MS) / 1000}, 3)`), 146)
    const [partitions] =
      (await service.app.parts.logs?.client.rows<{ n: string }>(
        'SELECT uniqExact(toDate(receivedAt)) AS n FROM logs',
      )) ?? []
    assert.equal(Number(partitions?.n), 200)

    const aside = await readdir(join(data, 'quarantine'))
    assert.deepEqual(
      aside.toSorted(),
      [
        '00000000-0000-7000-8000-000000000000.native',
        '00000000-0000-7000-8000-000000000001.native',
        'a folder',
        cut.fileName,
        flipped.fileName,
        'notes.txt',
        `${otherName(renamed)}.native`,
      ].toSorted(),
    )
    const { findings } = await service.control.call('status', {})
    const alarm = findings.find(({ code }) => code.startsWith('segment-quarantined'))
    assert.match(alarm?.message ?? '', /put aside: .*quarantine/)
    assert.match(alarm?.mend ?? '', /Keep the file/)

    await service.sendUdp(scan('198.51.100.80', 11))
    await until('lines go on to the list', async () => (await service.list())[0] === '198.51.100.80')
    await until(
      'and to the store',
      async () => (await service.stored("sourceAddress = '198.51.100.80'")) === 11,
    )
  })

  test('a segment that was stored and never acknowledged is not stored twice, nor half of one', async (t) => {
    const { folder, data, segments } = await dataFolder(t)
    const whole = await makeSegment(data, [Date.now()], 1000)
    const saved = join(folder, whole.fileName)
    await copyFile(whole.path, saved)
    const first = await startService(t, { folder })
    await until('stored', async () => (await first.stored()) === 1000)
    await first.stop()

    // As after a kill between insert and acknowledgement.
    await copyFile(saved, join(segments, whole.fileName))
    const second = await startService(t, { folder })
    await until('acknowledged', async () => (await readdir(segments)).length === 0, 30_000)
    assert.equal(await second.stored(), 1000)
    await second.app.parts.logs?.client.command(
      'ALTER TABLE logs DELETE WHERE position >= 400 SETTINGS mutations_sync = 1',
    )
    assert.equal(await second.stored(), 400)
    await second.stop()

    // As after a kill in the middle of a part's making, seen once the token is known.
    await copyFile(saved, join(segments, whole.fileName))
    const third = await startService(t, { folder })
    await until('made whole', async () => (await third.stored()) === 1000, 30_000)
    await until('acknowledged again', async () => (await readdir(segments)).length === 0, 30_000)
    assert.deepEqual(await readdir(join(data, 'quarantine')), [])
  })

  test('a conviction whose decision was lost with the kill is made at the next start', async (t) => {
    const { folder, data } = await dataFolder(t)
    const before = await startService(t, { folder })
    assert.deepEqual(await before.list(), ['192.0.2.255'])
    await before.stop()
    const kept = join(folder, 'before')
    await mkdir(kept)
    const names = (await readdir(data)).filter((name) => name.startsWith('state.sqlite') || name === 'lists')
    for (const name of names) await cp(join(data, name), join(kept, name), { recursive: true })

    const service = await startService(t, { folder })
    await service.sendUdp(scan('198.51.100.81', 11))
    await until('stored', async () => (await service.stored()) === 11)
    await service.stop()
    for (const name of (await readdir(data)).filter(
      (each) => each.startsWith('state.sqlite') || each === 'lists',
    ))
      await rm(join(data, name), { recursive: true })
    for (const name of names) await cp(join(kept, name), join(data, name), { recursive: true })

    const after = await startService(t, { folder })
    await until('it is blocked after all', async () => (await after.list())[0] === '198.51.100.81', 30_000)
    const told = await after.control.call('explain', { address: '198.51.100.81' })
    assert.equal(told.verdict, 'blocked')
    assert.equal(told.evidence.length, 11)
  })

  test('evidence across a restart is the lines of the scanner and of nobody else', async (t) => {
    const { folder } = await dataFolder(t)
    const first = await startService(t, { folder })
    const lines = scan('198.51.100.82', 10)
    const others = Array.from({ length: 12_000 }, (_, i) =>
      customLine({ source: `192.0.2.${(i % 200) + 1}`, port: 443, action: 'allow', user: `u${i}` }),
    )
    // The first port and the second lie in different batches of history, which hold 4096 lines.
    const mixed = [...lines.slice(0, 1), ...others.slice(0, 6000), ...lines.slice(1), ...others.slice(6000)]
    await first.sendTcp(mixed.map((line) => `${line}\n`).join(''))
    await until('stored', async () => (await first.stored()) === mixed.length, 30_000)
    await first.stop()

    const second = await startService(t, { folder })
    await second.sendUdp([customLine({ source: '198.51.100.82', port: 2000 })])
    await until(
      'its eleventh port convicts',
      async () => (await second.list())[0] === '198.51.100.82',
      30_000,
    )
    const told = await second.control.call('explain', { address: '198.51.100.82' })
    assert.ok(told.evidence.length > 0)
    assert.deepEqual(
      told.evidence.filter((line) => !line.includes('SrcIP=198.51.100.82;')),
      [],
    )
  })
})

async function dataFolder(t: TestContext): Promise<{ folder: string; data: string; segments: string }> {
  const folder = await temporaryFolder(t)
  const data = join(folder, 'data')
  const segments = join(data, 'segments')
  await mkdir(segments, { recursive: true })
  return { folder, data, segments }
}

/** Writes a segment as the pipeline does, with `records` lines for each of the arrival times. */
async function makeSegment(
  data: string,
  arrivalsMs: readonly number[],
  records: number,
): Promise<SpooledSegment> {
  const report = (): void => assert.fail('writing a segment is no event')
  const spool = await SegmentSpool.open({ folder: data, maxSpoolBytes: 2 ** 30, clock: systemClock, report })
  const leftover = spool.waitingSegments
  const writer = new SegmentWriter({ spool, clock: systemClock, keepRaw: true, report })
  for (const receivedAtMs of arrivalsMs)
    assert.equal(writer.append(batchOf(numbered(records), { receivedAtMs })), true)
  await writer.close()
  for (let i = 0; i < leftover; i++) spool.take()
  const made = spool.take()
  assert.ok(made !== null)
  return made
}

/** A name that sorts after the segment's own and is not what stands in its footer. */
function otherName({ footer }: SpooledSegment): string {
  return `${footer.segment.slice(0, -1)}${footer.segment.endsWith('f') ? 'e' : 'f'}`
}

async function flipByte(path: string, at: number): Promise<void> {
  const bytes = await readFile(path)
  bytes[at] = (bytes[at] as number) ^ 0xff
  await writeFile(path, bytes)
}

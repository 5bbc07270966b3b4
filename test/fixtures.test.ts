/**
 * Runs every folder of test/fixtures: raw lines -> records -> detections -> block list, through the real stages, and
 * compares each with the file beside it. UPDATE_FIXTURES=1 writes the files instead: read what it wrote.
 *
 *   input.log         raw lines; blank ones are skipped and counted, as by `parse`
 *   records.jsonl     per line: number and the record's fields that are known; `raw`, `sender` and `vendor` left out
 *   detections.jsonl  per detection: its facts, what was decided, and the line numbers of its evidence
 *   blocklist.txt     the list at the end
 *   settings.json     optional settings by key; `reference` tells the year of stamps without one, `allow` the allowlist
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { defaultSettings, type Settings } from '../src/config/schema.ts'
import { decisionRules } from '../src/decide/decision-rules.ts'
import { DryDecider } from '../src/decide/dry-decider.ts'
import { Detector } from '../src/detect/detector.ts'
import { RecentBatches } from '../src/detect/recent-batches.ts'
import { detectionSettings } from '../src/detect/settings.ts'
import { formatNetwork } from '../src/lib/address.ts'
import { ManualClock } from '../src/lib/clock.ts'
import type { Detection } from '../src/model/detection.ts'
import { FORMATS } from '../src/model/log-record.ts'
import { RawBatch } from '../src/model/raw-batch.ts'
import { RecordBatch, TEXT_SLOT } from '../src/model/record-batch.ts'
import { Parser } from '../src/parse/parser.ts'
import { BlockList } from '../src/publish/block-list.ts'
import { Alarms } from '../src/telemetry/alarms.ts'

const FOLDER = join(import.meta.dirname, 'fixtures')
const IS_UPDATE = process.env['UPDATE_FIXTURES'] === '1'

const caseSettings = z.looseObject({
  reference: z.iso.datetime().default('2025-02-21T00:00:00Z'),
  allow: z.array(z.string()).default([]),
})

interface Fixture {
  readonly settings: Settings
  readonly referenceMs: number
  readonly allow: readonly string[]
  readonly input: Buffer
}

function load(folder: string): Fixture {
  const path = join(folder, 'settings.json')
  const given = caseSettings.parse(existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {})
  const { reference, allow, ...keys } = given
  return {
    settings: { ...defaultSettings(), 'time.zone': 'UTC', ...keys },
    referenceMs: Date.parse(reference),
    allow,
    input: readFileSync(join(folder, 'input.log')),
  }
}

/** One raw batch with the lines, and the number of each in the file. */
function rawBatchOf(input: Buffer): { raw: RawBatch; lineNumbers: number[] } {
  const raw = new RawBatch()
  raw.reset()
  raw.senders = ['fixture']
  raw.transport = 'file'
  const lineNumbers: number[] = []
  let number = 0
  let from = 0
  for (let to = input.indexOf('\n'); to !== -1; to = input.indexOf('\n', from)) {
    number++
    if (to > from) {
      assert.ok(raw.hasRoom(to - from), 'a fixture is one batch')
      raw.add(input, from, to, 0)
      lineNumbers.push(number)
    }
    from = to + 1
  }
  assert.equal(from, input.length, 'the last line ends with a line feed')
  return { raw, lineNumbers }
}

/** The fields of a record that are known. */
function compact(records: RecordBatch, row: number, line: number): Record<string, unknown> {
  const { raw, sender, vendor, repeatCount, flags, ...fields } = records.recordAt(row)
  assert.equal(sender, 'fixture')
  assert.equal(vendor, FORMATS.find((format) => format.name === fields.format)?.vendor)
  assert.ok(raw.length > 0)
  const known = Object.entries(fields).filter(([, value]) => value !== null)
  const unparsedReason = records.textAt(row, TEXT_SLOT.unparsedReason)
  return {
    line,
    ...Object.fromEntries(known),
    ...(repeatCount === 1 ? {} : { repeatCount }),
    ...(flags.length === 0 ? {} : { flags }),
    ...(unparsedReason === null ? {} : { unparsedReason }),
  }
}

function jsonLines(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
}

async function run({ settings, referenceMs, allow, input }: Fixture): Promise<Record<string, string>> {
  const { raw, lineNumbers } = rawBatchOf(input)
  const texts = lineNumbers.map((_, i) => raw.bytes.toString('utf8', raw.start[i], raw.end[i]))
  const records = new RecordBatch(raw)
  records.reset(raw, 1)
  const timeZone = settings['time.zone']
  const parser = new Parser({
    timeZone,
    deviceZones: settings['time.deviceZones'],
    paloaltoTemplates: settings['parse.paloaltoTemplates'],
    referenceMs,
  })
  parser.parse(raw, records)

  const recent = new RecentBatches(4)
  const detector = new Detector({ settings: detectionSettings(settings), seed: 1, recent, live: false })
  const detections = detector.observe(records)

  const dry = await DryDecider.open(decisionRules(settings))
  for (const target of allow) {
    const added = await dry.decider.allow.add({ target, reason: 'of the fixture' }, 'fixture')
    assert.ok(added.ok, target)
  }
  const verdicts: object[] = []
  for (const detection of detections) {
    const judgement = await dry.verdictOf(detection)
    assert.ok(judgement.reason.length > 0, 'every verdict says why')
    verdicts.push({ ...factsOf(detection, texts, lineNumbers), decision: judgement.verdict })
  }

  const clock = new ManualClock(referenceMs)
  const list = new BlockList({
    clock,
    sentinel: settings['list.sentinel'],
    refuse: (target) => dry.decider.refuse(target),
    alarms: new Alarms({ clock }),
  })
  list.replace(dry.decider.published())
  assert.ok(list.flush())
  list.close()
  return {
    'records.jsonl': jsonLines(lineNumbers.map((line, row) => compact(records, row, line))),
    'detections.jsonl': jsonLines(verdicts),
    'blocklist.txt': list.snapshot.body.toString('latin1'),
  }
}

function factsOf(detection: Detection, texts: readonly string[], lineNumbers: readonly number[]): object {
  const { rule, mode, destination, port, count, threshold, windowSeconds, proof, lateral, device } = detection
  return {
    rule,
    mode,
    source: formatNetwork(detection.source),
    destination,
    port,
    count,
    threshold,
    windowSeconds,
    firstSeenAt: new Date(detection.firstSeenAtMs).toISOString(),
    detectedAt: new Date(detection.detectedAtMs).toISOString(),
    proof,
    lateral,
    device,
    witnesses: detection.witnesses.map((witness) => witness.value),
    evidenceLines: detection.evidence.map((text) => lineNumbers[texts.indexOf(text)] ?? null),
  }
}

for (const name of readdirSync(FOLDER).sort()) {
  test(`fixture ${name}`, async () => {
    const folder = join(FOLDER, name)
    const outcome = await run(load(folder))
    for (const [file, text] of Object.entries(outcome)) {
      const path = join(folder, file)
      if (IS_UPDATE) writeFileSync(path, text)
      // line by line, so that a failure shows the one that differs
      else assert.deepEqual(text.split('\n'), readFileSync(path, 'utf8').split('\n'), `${name}/${file}`)
    }
  })
}

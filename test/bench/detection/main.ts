/**
 * `npm run bench:detection`: a synthetic month with known attackers and known innocents through the detector with every
 * rule on, and who was convicted by which rule. Seeded: the same numbers every time.
 *   --seed N   another month (default 1)
 *   --write    also writes docs/detection-bench.md
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { defaultSettings, type Settings } from '../../../src/config/schema.ts'
import { Detector } from '../../../src/detect/detector.ts'
import { RecentBatches } from '../../../src/detect/recent-batches.ts'
import { detectionSettings } from '../../../src/detect/settings.ts'
import { seededRandom } from '../../../src/detect/testing/random.ts'
import { formatNetwork } from '../../../src/lib/address.ts'
import { RULES, type RuleName } from '../../../src/model/detection.ts'
import { makeMonth } from './actors.ts'
import type { Actor } from './maker.ts'

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, write: { type: 'boolean', default: false } },
})

const settings: Settings = {
  ...defaultSettings(),
  'networks.public': ['10.0.0.0/8', '198.18.0.0/15', '203.0.113.0/24', '2001:db8::/32'],
  'detection.slowScan.mode': 'enforce',
  'detection.subnetScan.mode': 'enforce',
  'detection.randomScan.mode': 'enforce',
  'detection.bruteForce.mode': 'enforce',
  'detection.vendorScan.mode': 'enforce',
}

const { events, actors } = makeMonth(seededRandom(Number(values.seed)))
const recent = new RecentBatches(4)
const detector = new Detector({ settings: detectionSettings(settings), seed: 1, recent, live: false })
/** Source -> rules that convicted it. */
const convicted = new Map<string, Set<RuleName>>()
const startedMs = performance.now()
for (const batch of events.batches()) {
  for (const { source, rule } of detector.observe(batch)) {
    const text = formatNetwork(source)
    const rules = convicted.get(text) ?? new Set()
    convicted.set(text, rules.add(rule))
  }
  recent.push(batch)
}
const seconds = (performance.now() - startedMs) / 1000

const lines = [
  `| who | what they did | sources | ${RULES.join(' | ')} | any rule |`,
  `|---|---|---|${'---|'.repeat(RULES.length + 1)}`,
  ...actors.map(row),
]
const attackers = actors.filter(({ role }) => role === 'attacker')
const innocents = actors.filter(({ role }) => role === 'innocent')
const summary = [
  `Attackers convicted: ${shareOf(attackers)}. Innocents convicted: ${shareOf(innocents)}.`,
  `${events.count.toLocaleString('en')} records in ${seconds.toFixed(1)} s, batches made on the way included; seed ${values.seed}.`,
]
process.stdout.write(`${[...lines, '', ...summary].join('\n')}\n`)
if (values.write) {
  const text = [
    '# Detection on a synthetic month',
    '',
    'Written by `npm run bench:detection -- --write`; do not edit by hand. All rules are on with their default numbers. A figure is the number',
    'of sources that the rule convicted; for attackers it should be all of them in the last column, for the innocent none.',
    'What is expected besides: nobody sees the patient ones, who stay under every count; host sweep takes a crawler of more',
    'hosts than its count for a sweep (an exception by source and port, or the allowlist, ends that). Forged sources sent',
    'nothing themselves: a rule that counts packets cannot tell them from real ones, which is why such detections are `spoofable`,',
    'and may be held or kept short (docs/detection.md).',
    '',
    ...lines,
    '',
    ...summary,
    '',
  ]
  writeFileSync(join(import.meta.dirname, '../../../docs/detection-bench.md'), text.join('\n'))
}

function row(actor: Actor): string {
  const cells = RULES.map((rule) => countBy(actor, (rules) => rules.has(rule)) || '')
  const any = countBy(actor, () => true)
  const all = actor.sources.size
  return `| ${actor.name} (${actor.role}) | ${actor.what} | ${all.toLocaleString('en')} | ${cells.join(' | ')} | ${any} (${percent(any, all)}) |`
}

function countBy({ sources }: Actor, matches: (rules: ReadonlySet<RuleName>) => boolean): number {
  let count = 0
  for (const source of sources) {
    const rules = convicted.get(source)
    if (rules !== undefined && matches(rules)) count++
  }
  return count
}

function shareOf(group: readonly Actor[]): string {
  const all = group.reduce((sum, { sources }) => sum + sources.size, 0)
  const hit = group.reduce((sum, actor) => sum + countBy(actor, () => true), 0)
  return `${hit} of ${all.toLocaleString('en')} (${percent(hit, all)})`
}

function percent(part: number, all: number): string {
  return `${((100 * part) / all).toFixed(part === all || part === 0 ? 0 : 1)} %`
}

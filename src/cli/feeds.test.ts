import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { FakeService } from './testing-service.ts'

const service = new FakeService()
after(() => service.end())

const preview = {
  entries: 2,
  decisions: 3,
  bytes: 30,
  contentType: 'text/plain',
  holds: ['The list would shrink.'],
  difference: { addedCount: 1, removedCount: 0, unchanged: 1, added: ['198.51.100.7'], removed: [] },
  leftOutDecisions: 0,
  leftOut: [],
  refusedCount: 0,
  refused: [],
  collateral: 0,
  text: '198.51.100.7\n203.0.113.0/24\n',
  isCut: false,
}

describe('feeds on the command line', () => {
  test('a feed is made of what people type, and its secret is printed once with the way to use it', async () => {
    await service.serve({
      addFeed: {
        dryRun: true,
        feed: null,
        secrets: [{ kind: 'path-token', name: 'fw', secret: 'ads-x', url: 'https://h/feeds/ads-x/edge.txt' }],
        preview,
      },
    })
    const typed = [
      'feeds',
      'add',
      'edge',
      '--format',
      'pan-os',
      '--capacity',
      'pan-os',
      '--aggregate',
      '8',
      '--rules',
    ]
    const more = [
      'Port Scan Attack v1,manual',
      '--max-age',
      '7d',
      '--severity',
      'high',
      '--countries',
      'FR, Korea Republic Of',
      '--except-countries',
      'none',
      '--from',
      '192.0.2.0/24',
      '--path-token',
      'fw',
      '--dry-run',
    ]
    const { code, out } = await service.run([...typed, ...more, '--no-open', '--reason', 'why'])
    assert.equal(code, 0)
    assert.deepEqual(service.asked.at(-1), [
      'addFeed',
      {
        feed: 'edge',
        definition: {
          format: 'pan-os',
          capacity: { preset: 'pan-os' },
          aggregate: { collateralPerPrefix: 8 },
          open: false,
          sources: ['192.0.2.0/24'],
          filter: {
            rules: ['port-scan', 'manual'],
            minSeverity: 'high',
            maxAgeHours: 168,
            countries: ['FR', 'Korea Republic Of'],
            exceptCountries: null,
          },
        },
        credentials: [{ kind: 'path-token', name: 'fw', fingerprint: null }],
        reason: 'why',
        dryRun: true,
      },
      'ann',
    ])
    assert.match(out, /would be held: The list would shrink\./)
    assert.match(out, /address: https:\/\/h\/feeds\/ads-x\/edge\.txt/)
  })

  test('what cannot be meant is refused with what was expected, before the service is asked', async () => {
    await service.serve({})
    const before = service.asked.length
    const wrong = [
      ['feeds', 'add', 'x', '--capacity', 'huge', '--reason', 'r'],
      ['feeds', 'add', 'x', '--aggregate', 'much', '--reason', 'r'],
      ['feeds', 'add', 'x', '--rules', 'nope', '--reason', 'r'],
      ['feeds', 'change', 'x', '--reason', 'r'],
      ['feeds', 'rotate-token', 'x', '--reason', 'r'],
      ['feeds', 'rotate-token', 'x', '--basic', 'a', '--bearer', 'b', '--reason', 'r'],
      ['feeds', 'rollback', 'x', 'last', '--reason', 'r'],
    ]
    for (const argv of wrong) {
      const { code, err } = await service.run(argv)
      assert.equal(code, 2, argv.join(' '))
      assert.match(err, /expected|say what to change|name one/, argv.join(' '))
    }
    assert.equal(service.asked.length, before)
  })

  test('a list is imported from a file or stdin, and what is refused shows in the exit code', async () => {
    const rows = [
      { line: 1, target: '198.51.100.7', outcome: 'new', message: 'would be blocked' },
      { line: 2, target: '192.0.2.1', outcome: 'refused', message: 'one of your own' },
    ]
    await service.serve({ importBlocks: { dryRun: true, counts: { new: 1, refused: 1 }, rows } })
    const file = join(service.folder, 'bad.csv')
    await writeFile(file, '198.51.100.7\n192.0.2.1\n')
    const { code, out } = await service.run(['blocks', 'import', file, '--reason', 'r', '--dry-run'])
    assert.equal(code, 7)
    assert.match(out, /1 new, 1 refused; nothing was changed/)
    const piped = await service.run(['blocks', 'import', '-', '--lift', '--reason', 'r'], {
      stdin: '198.51.100.7\n',
    })
    assert.equal(piped.code, 7)
    const [, input] = service.asked.at(-1) ?? []
    assert.deepEqual(input, {
      action: 'lift',
      text: '198.51.100.7\n',
      until: null,
      reason: 'r',
      dryRun: false,
    })
  })
})

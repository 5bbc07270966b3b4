/** The words of the command line: help of every command, exit codes, start time of the parts that help needs. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { testWorld } from './testing.ts'

const COMMANDS = [
  'run|parse|replay|doctor|status|explain|withdraw|freeze|unfreeze|reload|stop',
  'blocks list|blocks add|blocks remove|blocks release|blocks refuse',
  'allow list|allow add|allow remove|allow check',
  'engine on|engine off|engine reset',
  'settings list|settings get|settings set|settings reset',
].flatMap((names) => names.split('|'))

test('every command has a purpose, options and examples in its help, and exits 0', async () => {
  for (const command of COMMANDS) {
    const world = testWorld()
    assert.equal(await world.run(...command.split(' '), '--help'), 0, command)
    assert.match(world.stdout(), new RegExp(`^Usage: active-defense ${command} `), command)
    assert.match(
      world.stdout(),
      /\nExamples:\n {2}(?:\S+ .*\| )?\S*active-defense |\nExamples:\n {2}\S/,
      command,
    )
    assert.equal(world.stderr(), '', command)
    assert.ok(
      world
        .stdout()
        .split('\n')
        .every((line) => line.length <= 100),
      `${command} is too wide`,
    )
  }
})

test('the help of the program names every command and the exit codes', async () => {
  const world = testWorld()
  assert.equal(await world.run('--help'), 0)
  for (const command of COMMANDS) assert.match(world.stdout(), new RegExp(`\n {2}${command.split(' ')[0]} `))
  assert.match(
    world.stdout(),
    /Exit codes: 0 ok, 1 failed, 2 usage, 3 bad configuration, 4 service not reachable, 7 refused/,
  )
  const version = testWorld()
  assert.equal(await version.run('--version'), 0)
  assert.equal(version.stdout(), '1.2.3\n')
})

test('exit codes: 2 for wrong words, with help or one line on stderr', async () => {
  const cases: [string[], RegExp][] = [
    [[], /^Usage: active-defense/],
    [['blocks'], /^Usage: active-defense blocks/],
    [
      ['blok'],
      /^active-defense: unknown command 'blok' \(Did you mean blocks\?\); --help shows the usage\n$/,
    ],
    [
      ['status', '--jsn'],
      /^active-defense: unknown option '--jsn' \(Did you mean --json\?\); --help shows the usage\n$/,
    ],
    [['status', 'extra'], /^active-defense: too many arguments/],
  ]
  for (const [argv, message] of cases) {
    const world = testWorld()
    assert.equal(await world.run(...argv), 2, argv.join(' '))
    assert.match(world.stderr(), message)
    assert.equal(world.stdout(), '')
  }
})

test('a fault that nobody expected exits 1 and shows where it came from', async () => {
  const world = testWorld({ workingDirectory: '/', startApp: () => Promise.reject(new TypeError('a bug')) })
  assert.equal(await world.run('run'), 1)
  assert.match(world.stderr(), /^active-defense: a bug\nTypeError: a bug\n +at /)
})

test('help loads no engine, no schema library and no stage', () => {
  const program = fileURLToPath(new URL('./program.ts', import.meta.url))
  const script = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context) } })
    await import(${JSON.stringify(program)})
    console.log(JSON.stringify(loaded))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  assert.equal(stderr, '')
  const loaded = JSON.parse(stdout) as string[]
  assert.deepEqual(
    loaded.filter((url) => /zod|yaml|kysely|chdb|fastify|\/(?:parse|detect|decide|config)\//.test(url)),
    [],
  )
  assert.ok(loaded.length < 30, `${loaded.length} modules`)
})

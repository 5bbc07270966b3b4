/** `run`: start, signals, reload and stop of an application that the test plays. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../lib/errors.ts'
import type { RunningApp, StartApp, StartOptions } from './run.ts'
import { type TestWorld, testWorld, type WorldOptions } from './testing.ts'

interface Played {
  readonly world: TestWorld
  readonly events: string[]
  readonly options: () => StartOptions | undefined
  readonly ended: PromiseWithResolvers<void>
  /** Resolves when the application has been started and waits. */
  readonly started: Promise<void>
}

function play(parts: Partial<RunningApp> = {}, more: WorldOptions = {}): Played {
  const events: string[] = []
  const ended = Promise.withResolvers<void>()
  const started = Promise.withResolvers<void>()
  let given: StartOptions | undefined
  const startApp: StartApp = (options) => {
    given = options
    options.announce('listening')
    setImmediate(started.resolve)
    return Promise.resolve({
      ended: ended.promise,
      stop: () => Promise.resolve(void events.push('stop')),
      reload: () => Promise.resolve(void events.push('reload')),
      ...parts,
    })
  }
  const world = testWorld({ workingDirectory: '/nonexistent', startApp, ...more })
  return { world, events, options: () => given, ended, started: started.promise }
}

test('run hands the settings on, announces, and stops cleanly at a signal with exit 0', async () => {
  const { world, events, options, started } = play()
  const running = world.run('run', '--demo', '--data', '/tmp/x', '--set', 'web.listen=:1')
  await started
  world.signal('SIGINT')
  world.signal('SIGINT') // the same Ctrl-C through the launcher
  assert.equal(await running, 0)
  assert.equal(options()?.demo, true)
  assert.equal(options()?.configuration.settings['web.listen'], ':1')
  assert.equal(options()?.configuration.origins['data.dir'], '--data')
  assert.deepEqual(events, ['stop'])
  assert.equal(world.stdout(), 'listening\nSIGINT: stopping ...\n')
  assert.equal(world.stderr(), '')
})

test('what the service makes is for its owner alone', async () => {
  const before = process.umask(0o022)
  const { world, started } = play()
  const running = world.run('run')
  await started
  const during = process.umask(before)
  world.signal('SIGTERM')
  assert.equal(await running, 0)
  assert.equal(during, 0o077)
})

test('a second Ctrl-C later stops at once with exit 1', async () => {
  const { world, started } = play({ stop: () => new Promise<void>(() => {}) })
  const running = world.run('run')
  await started
  world.signal('SIGTERM')
  world.clock.advance(2000)
  world.signal('SIGTERM')
  assert.equal(await running, 1)
  assert.match(world.stderr(), /stopped at once, without a clean end/)
})

test('SIGHUP reloads a service and a bad configuration keeps it running; on a terminal it means the end', async () => {
  const bad = play({
    reload: () => Promise.reject(new AppError('bad-configuration', 'bad value (file x:3)')),
  })
  const running = bad.world.run('run')
  await bad.started
  bad.world.signal('SIGHUP')
  await new Promise(setImmediate)
  assert.equal(bad.world.stderr(), 'active-defense: bad value (file x:3)\n')
  bad.world.signal('SIGTERM')
  assert.equal(await running, 0)

  const terminal = play({}, { isInteractive: true })
  const closing = terminal.world.run('run')
  await terminal.started
  terminal.world.signal('SIGHUP')
  assert.equal(await closing, 0)
  assert.deepEqual(terminal.events, ['stop'])
})

test('a service that ends by itself ends the command; a failure is its exit code', async () => {
  const well = play()
  const running = well.world.run('run')
  await well.started
  well.ended.resolve()
  assert.equal(await running, 0)
  const ill = play()
  const failing = ill.world.run('run')
  await ill.started
  ill.ended.reject(new AppError('store-unavailable', 'the disk is gone'))
  assert.equal(await failing, 1)
  assert.equal(ill.world.stderr(), 'active-defense: the disk is gone\n')
})

test('a signal while starting takes the start back', async () => {
  const starting = Promise.withResolvers<RunningApp>()
  const events: string[] = []
  const begun = Promise.withResolvers<void>()
  const world = testWorld({
    startApp: () => {
      begun.resolve()
      return starting.promise
    },
  })
  const running = world.run('run')
  await begun.promise
  world.signal('SIGTERM')
  starting.resolve({
    ended: new Promise(() => {}),
    stop: () => Promise.resolve(void events.push('stop')),
    reload: () => Promise.resolve(),
  })
  assert.equal(await running, 0)
  assert.deepEqual(events, ['stop'])
})

test('what keeps it from starting is one line with its exit code', async () => {
  const taken = 'cannot bind udp :5514: taken by process 7; stop it or give another port'
  const world = testWorld({ startApp: () => Promise.reject(new AppError('port-unavailable', taken)) })
  assert.equal(await world.run('run'), 1)
  assert.equal(world.stderr(), `active-defense: ${taken}\n`)
  const badly = testWorld()
  assert.equal(await badly.run('run', '--set', 'web.listen=x'), 3)
  const missing = testWorld()
  assert.equal(await missing.run('run', '--config', 'missing.yaml'), 3)
})

/**
 * What is looked at before each commit: format, lint, types and dead code, and the fast tests beside them. Each of the
 * two ends at its first failure, whose output is shown. What was compiled and typed is kept for the next time.
 * Run by `npm run check`, which puts the tools into PATH.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

type Step = readonly [name: string, command: string, args: readonly string[]]

/** What we use of the launcher, which is plain JavaScript. */
interface Launcher {
  readonly testArguments: (root: string, args: readonly string[]) => string[] | null
  readonly runCaptured: (
    command: string,
    args: readonly string[],
    options: { cwd: string; env: NodeJS.ProcessEnv },
  ) => Promise<{ code: number; output: string; reason: string }>
}

const launcher = (await import(new URL('launch.mjs', import.meta.url).href)) as Launcher
const root = fileURLToPath(new URL('..', import.meta.url))
const cacheFolder = join(root, 'node_modules', '.cache', 'active-defense')
const env = { ...process.env, NODE_COMPILE_CACHE: join(cacheFolder, 'compiled') }

/** Types of a project, and what they were the last time. */
function types(name: string, project: string): Step {
  const kept = ['--incremental', '--tsBuildInfoFile', join(cacheFolder, `${name}.tsbuildinfo`)]
  return [name, 'tsc', ['-p', project, ...kept]]
}

const source: readonly Step[] = [
  ['format', 'biome', ['format', '.']],
  ['lint', 'oxlint', ['--deny-warnings', 'src', 'test', 'scripts', 'web']],
  types('types', '.'),
  types('page', 'web'),
  ['unused', 'knip', []],
]

function tests(): readonly Step[] {
  const args = launcher.testArguments(root, ['fast'])
  if (args === null) throw new Error('no fast tests found')
  return [['tests', process.execPath, args]]
}

/** Whether every step ended well. */
async function runAll(steps: readonly Step[]): Promise<boolean> {
  for (const [name, command, args] of steps) {
    const startedMs = performance.now()
    const { code, output, reason } = await launcher.runCaptured(command, args, { cwd: root, env })
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
    if (code === 0) process.stdout.write(`ok  ${name.padEnd(7)} ${seconds} s\n`)
    else {
      process.stdout.write(`${output.trimEnd()}\n`)
      process.stderr.write(`${name} failed (${reason}) after ${seconds} s\n`)
      return false
    }
  }
  return true
}

const isGood = await Promise.all([runAll(source), runAll(tests())])
process.exitCode = isGood.every(Boolean) ? 0 : 1

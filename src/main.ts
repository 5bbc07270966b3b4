/** Process entry: arguments in, exit code out; nothing else. */
import { ioOfProcess } from './cli/io.ts'
import { runCommandLine } from './cli/program.ts'
import { VERSION } from './version.ts'

// Loaded by `run` alone: the other commands start without the service's libraries.
const startApp = async (...args: Parameters<typeof import('./app.ts').startApp>) =>
  (await import('./app.ts')).startApp(...args)

process.exitCode = await runCommandLine(process.argv.slice(2), ioOfProcess(process.env), {
  version: VERSION,
  startApp,
})

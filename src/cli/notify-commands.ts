/** The words of `notify`: who is told what, and what became of it. */
import { type Command, Option } from 'commander'
import { type CommandContext, configOption, dataOption, examples, setOption } from './words.ts'

function withService(command: Command): Command {
  return command
    .option('--json', 'print JSON lines')
    .addOption(dataOption())
    .addOption(configOption())
    .addOption(setOption().hideHelp())
}

/** Options of a new and of a changed recipient. */
function withChoices(command: Command): Command {
  return withService(command)
    .option('--mail <address>', 'told by mail')
    .option('--webhook <url>', 'told by a POST to this address')
    .option('--siem <target>', 'told by syslog: udp://HOST:PORT or tcp://HOST:PORT')
    .option('--abuseipdb-key <key>', 'reports to AbuseIPDB; - reads the key from stdin')
    .option('--format <name>', 'of a webhook: json, slack, teams; of --siem: cef, json')
    .option('--secret <text>', 'key of the signature of json webhooks; - reads it from stdin')
    .option('--daily-limit <count>', 'reports to AbuseIPDB a day')
    .option('--proof <level>', 'what is reported to AbuseIPDB: handshake, any')
    .option('--topics <list>', 'block,held,lift,alarm,report,audit')
    .addOption(
      new Option('--severity <level>', 'alarms from this one on').choices(['info', 'warning', 'critical']),
    )
    .option('--quiet <from-to>', 'no messages from 22:00-06:00 but critical alarms; none ends it')
    .option('--digest <minutes>', 'at most one message in so many minutes')
    .option('--per-hour <count>', 'at most so many messages an hour; 0: no limit')
    .option('--lines <count>', 'log lines shown of each block')
    .option('--on', 'is told')
    .addOption(new Option('--off', 'is told nothing for now').conflicts('on'))
    .option('--reason <text>', 'why; kept in the audit log')
}

export function addNotify(program: Command, { io, action }: CommandContext): void {
  const notify = program
    .command('notify')
    .summary('who is told what happens')
    .description('Mails, webhooks, reports and a SIEM: recipients, tests, and the log of deliveries.')
  withService(notify.command('list'))
    .description('Lists recipients with what waits for them and how they fare.')
    .addHelpText('after', examples('active-defense notify list'))
    .action(action(async (options) => (await import('./notify.ts')).listRecipients(io, options)))
  withChoices(notify.command('add').argument('<name>', 'a short name such as soc'))
    .description('Adds a recipient: one of --mail, --webhook, --siem, --abuseipdb-key.')
    .addHelpText(
      'after',
      examples(
        'active-defense notify add soc --mail soc@example.com --quiet 22:00-06:00',
        'active-defense notify add chat --webhook https://hooks.example.com/x --format slack',
        'active-defense notify add siem --siem udp://192.0.2.9:514 --format cef',
      ),
    )
    .action(action(async (name, options) => (await import('./notify.ts')).addRecipient(io, name, options)))
  withChoices(notify.command('change').alias('edit').argument('<name>', 'the recipient'))
    .description('Changes a recipient; what is not given stays.')
    .addHelpText('after', examples('active-defense notify change soc --digest 15 --severity critical'))
    .action(action(async (name, options) => (await import('./notify.ts')).changeRecipient(io, name, options)))
  withService(notify.command('remove').argument('<name>', 'the recipient'))
    .description('Removes a recipient; what waits for it is dropped.')
    .option('--reason <text>', 'why; kept in the audit log')
    .addHelpText('after', examples('active-defense notify remove soc'))
    .action(action(async (name, options) => (await import('./notify.ts')).removeRecipient(io, name, options)))
  withService(notify.command('test').argument('<name>', 'the recipient'))
    .description('Sends a test message now and says what became of it.')
    .addHelpText('after', examples('active-defense notify test soc'))
    .action(action(async (name, options) => (await import('./notify.ts')).testRecipient(io, name, options)))
  withService(notify.command('log'))
    .description('What was delivered and what was not, newest first.')
    .option('--recipient <name>', 'of this one only')
    .addOption(
      new Option('--outcome <word>', 'with this end only').choices([
        'delivered',
        'failed',
        'given-up',
        'skipped',
        'dropped',
      ]),
    )
    .option('--since <time>', 'since: 24h, 2026-11-22, now-1h')
    .option('--count <number>', 'at most so many', '50')
    .addHelpText('after', examples('active-defense notify log --outcome failed --since 24h'))
    .action(action(async (options) => (await import('./notify.ts')).listDeliveries(io, options)))
  withService(notify.command('replay').argument('<id>', 'of a delivery, as notify log --json tells it'))
    .description('Sends once more, to the same recipient, what a delivery held.')
    .addHelpText('after', examples('active-defense notify replay 01996c3e-0000-7000-8000-000000000000'))
    .action(action(async (id, options) => (await import('./notify.ts')).replayDelivery(io, id, options)))
}

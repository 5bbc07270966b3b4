/** The words of `feeds`, and of `blocks import`. */
import { type Command, Option } from 'commander'
import { type CommandContext, examples, withService } from './words.ts'

const FEED = 'name of the feed'

function withReason(command: Command): Command {
  return withService(command.requiredOption('--reason <text>', 'why; kept in the audit log'))
}

function withDefinition(command: Command): Command {
  return withReason(command)
    .option('--path <path>', 'where it is fetched: /feeds/NAME.txt')
    .option('--format <name>', 'plain, pan-os, fortigate, nftables, json, stix, ... (docs/feeds.md)')
    .option('--rules <list>', 'of these rules only: port-scan,threat,manual; all')
    .option('--severity <level>', 'at least: low, medium, high, critical; any')
    .option('--proof <level>', 'handshake, spoofable; any')
    .option('--max-age <duration>', 'seen within: 24h, 7d; any')
    .option('--devices <list>', 'seen by one of these firewalls; all')
    .option('--countries <list>', 'in one of these only, by name or code: DE,France; any')
    .option('--except-countries <list>', 'not in one of these; none')
    .option('--families <which>', 'both, v4, v6')
    .option('--hosts-only', 'single addresses only')
    .option('--no-hosts-only', 'networks too')
    .option('--capacity <what>', 'what the firewall holds: pan-os, fortigate, a number; none')
    .addOption(new Option('--scope <which>', 'a capacity in numbers counts').choices(['firewall', 'list']))
    .option('--headroom <percent>', 'of the capacity left free')
    .option('--aggregate <how>', 'none, lossless, or how many addresses a merged prefix may cover beside')
    .option('--shards <count>', 'files among which entries are divided')
    .option('--open', 'anybody may fetch it')
    .option('--no-open', 'a credential is needed')
    .option('--from <network...>', 'it may be fetched from these networks only; any')
    .option('--client-ca <file>', 'PEM of the authority whose client certificates may fetch it')
    .option('--no-client-ca', 'none')
    .option('--client-name <name...>', 'names in those certificates that may; *: all')
    .option('--comments', 'a short id behind each entry, where the format takes it')
    .option('--no-comments', 'none')
    .option('--timeouts', 'the end of each entry, where the format takes it')
    .option('--no-timeouts', 'none')
    .option('--list-name <name>', 'of the set or list that a script fills')
    .option('--dry-run', 'show what it would be, change nothing')
}

function withCredential(command: Command): Command {
  return command
    .option('--basic <user>', 'a password for this user is made')
    .option('--bearer <name>', 'a token for the header Authorization is made')
    .option('--path-token <name>', 'a token that stands in the address is made')
    .option('--certificate <name=sha256>', 'a client certificate by its fingerprint')
}

export function addFeeds(program: Command, context: CommandContext): void {
  const feeds = program
    .command('feeds')
    .summary('lists for firewalls')
    .description('The lists that firewalls fetch: formats, filters, capacity, access, revisions, fetchers.')
  addLooking(feeds, context)
  addEditing(feeds, context)
  addRevisions(feeds, context)
  addAccess(feeds, context)
}

function addLooking(feeds: Command, { io, action }: CommandContext): void {
  withService(feeds.command('list'))
    .description('Lists all feeds with what is served and who fetched it last.')
    .addHelpText('after', examples('active-defense feeds list', 'active-defense feeds list --json'))
    .action(action(async (options) => (await import('./feeds.ts')).listFeeds(io, options)))
  withService(feeds.command('show'))
    .description('Shows a feed: its address, definition, list and revisions.')
    .argument('<feed>', FEED)
    .addHelpText('after', examples('active-defense feeds show blacklist'))
    .action(action(async (feed, options) => (await import('./feeds.ts')).showFeed(io, feed, options)))
  withService(feeds.command('preview'))
    .description('Shows what the firewall gets: the list as it would be now, what is left out, and why.')
    .argument('<feed>', FEED)
    .addHelpText('after', examples('active-defense feeds preview edge'))
    .action(action(async (feed, options) => (await import('./feeds.ts')).previewFeed(io, feed, options)))
  withService(feeds.command('fetchers'))
    .description('Shows who fetches, how often, and which revision they have.')
    .argument('[feed]', FEED)
    .option('--log', 'the last single fetches instead')
    .option('--forget <address>', 'expect nothing of this address any more')
    .option('--reason <text>', 'why; kept in the audit log')
    .addHelpText(
      'after',
      examples('active-defense feeds fetchers', 'active-defense feeds fetchers edge --forget 192.0.2.7'),
    )
    .action(action(async (feed, options) => (await import('./feeds.ts')).fetchers(io, feed, options)))
}

function addEditing(feeds: Command, { io, action }: CommandContext): void {
  withCredential(withDefinition(feeds.command('add')))
    .description('Makes a feed; secrets are printed this once.')
    .argument('<feed>', 'a short name such as edge')
    .addHelpText(
      'after',
      examples(
        'active-defense feeds add edge --format pan-os --capacity pan-os --aggregate lossless --basic fw-1 --reason "PA-440"',
        'active-defense feeds add routers --format nftables --timeouts --from 192.0.2.0/24 --reason "routers" --dry-run',
      ),
    )
    .action(action(async (feed, options) => (await import('./feeds.ts')).addFeed(io, feed, options)))
  withDefinition(feeds.command('change').alias('edit'))
    .description('Changes a feed; what is not given stays.')
    .argument('<feed>', FEED)
    .addHelpText(
      'after',
      examples('active-defense feeds change edge --max-age 30d --reason "full" --dry-run'),
    )
    .action(action(async (feed, options) => (await import('./feeds.ts')).changeFeed(io, feed, options)))
  withReason(feeds.command('remove'))
    .description('Removes a feed and its revisions. Firewalls that still fetch it keep their last list.')
    .argument('<feed>', FEED)
    .addHelpText('after', examples('active-defense feeds remove edge --reason "firewall is gone"'))
    .action(
      action(async (feed, options) =>
        (await import('./feeds.ts')).actOnFeed(io, 'removeFeed', feed, options),
      ),
    )
}

function addRevisions(feeds: Command, { io, action }: CommandContext): void {
  withService(feeds.command('diff'))
    .description(
      'Shows what the held list, or the one that would be made now, has more and less; or two revisions.',
    )
    .argument('<feed>', FEED)
    .option('--from <revision>', 'this revision instead of the one served')
    .option('--to <revision>', 'this revision')
    .addHelpText(
      'after',
      examples('active-defense feeds diff edge', 'active-defense feeds diff edge --from 41 --to 44'),
    )
    .action(action(async (feed, options) => (await import('./feeds.ts')).diffFeed(io, feed, options)))
  withReason(feeds.command('rollback'))
    .description(
      'Serves the list of an earlier revision, less what must no longer be blocked, and stays there.',
    )
    .argument('<feed>', FEED)
    .argument('<revision>', 'as feeds show names them')
    .addHelpText('after', examples('active-defense feeds rollback edge 41 --reason "wrong import"'))
    .action(
      action(async (feed, revision, options) =>
        (await import('./feeds.ts')).rollbackFeed(io, feed, revision, options),
      ),
    )
  const acts = [
    [
      'release',
      'releaseFeed',
      'Publishes what is held; a feed that stays at a revision follows the decisions again.',
    ],
    ['refuse', 'refuseFeed', 'Stays at the list in service instead of what is held, until it is released.'],
  ] as const
  for (const [name, route, text] of acts) {
    withReason(feeds.command(name))
      .description(text)
      .argument('<feed>', FEED)
      .addHelpText('after', examples(`active-defense feeds ${name} edge --reason "looked at the difference"`))
      .action(
        action(async (feed, options) => (await import('./feeds.ts')).actOnFeed(io, route, feed, options)),
      )
  }
}

function addAccess(feeds: Command, { io, action }: CommandContext): void {
  withCredential(withReason(feeds.command('rotate-token')))
    .description(
      'Makes a credential anew; the old one of that kind and name is valid beside it for the grace.',
    )
    .argument('<feed>', FEED)
    .option('--grace <duration>', 'how long the old one is valid: 24h (when nothing is given), 7d; 0')
    .addHelpText(
      'after',
      examples('active-defense feeds rotate-token edge --basic fw-1 --grace 7d --reason "yearly change"'),
    )
    .action(action(async (feed, options) => (await import('./feeds.ts')).rotateToken(io, feed, options)))
  withCredential(withReason(feeds.command('revoke-token')))
    .description('Takes a credential away at once. A firewall that still uses it keeps its last list.')
    .argument('<feed>', FEED)
    .addHelpText('after', examples('active-defense feeds revoke-token edge --bearer soc --reason "leaked"'))
    .action(action(async (feed, options) => (await import('./feeds.ts')).revokeToken(io, feed, options)))
}

/** `blocks import`. */
export function addImport(blocks: Command, { io, action }: CommandContext): void {
  withService(blocks.command('import'))
    .description(
      'Blocks what a text or CSV file holds, or lifts it; --dry-run says for each line what that would do.',
    )
    .argument('<file>', 'one address or network a line, or CSV; - is stdin')
    .requiredOption('--reason <text>', 'why; kept in the audit log')
    .option('--lift', 'lift these blocks instead')
    .option('--dry-run', 'show, change nothing')
    .addOption(new Option('--until <instant>', 'end: 2026-11-22T08:30:00Z, tomorrow'))
    .addOption(new Option('--for <duration>', 'end after so long: 90m, 24h, 7d, 2w').conflicts('until'))
    .addHelpText(
      'after',
      examples(
        'active-defense blocks import bad.csv --reason "partner list" --for 30d --dry-run',
        'active-defense blocks import - --lift --reason "false alarms" < lift.txt',
      ),
    )
    .action(
      action(async (file, options) => (await import('./blocks-import.ts')).importBlocks(io, file, options)),
    )
}

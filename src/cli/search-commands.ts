/** The words of `search`, `top` and `tail`: records by the filter language. */
import { type Command, Option } from 'commander'
import { type CommandContext, examples, withService } from './words.ts'

const FILTER = 'as on a PAN-OS firewall, an address, a port or a word; docs/search.md'

export function addSearch(program: Command, { io, action }: CommandContext): void {
  withService(program.command('search'))
    .summary('find stored records')
    .description('Finds stored records by a filter, the newest first.')
    .argument('[filter...]', FILTER)
    .option('--since <time>', 'from: 24h, 2026-11-22, now-1h (24h when the filter gives no time)')
    .option('--until <time>', 'until: 2026-11-22T08:30:00Z, now-1h')
    .option('--fields <names>', 'fields of the record, separated by commas')
    .option('--limit <count>', 'at most so many (a table: 100; else all)')
    .addOption(new Option('-o, --output <form>', 'table, json, jsonl, csv, or pan-csv (columns of PAN-OS)'))
    .addHelpText(
      'after',
      examples(
        'active-defense search 198.51.100.7 --since 7d',
        `active-defense search "( addr.src in 192.0.2.0/24 ) and ( action eq deny )"`,
        `active-defense search "severity geq high" -o csv > threats.csv`,
      ),
    )
    .action(action(async (words, options) => (await import('./search.ts')).search(io, words, options)))
  withService(program.command('top'))
    .summary('the most frequent sources, destinations, ports, rules or threats')
    .description('Counts stored records by a field and shows the most frequent values.')
    .argument('<field>', 'src, dst, port, rule, threat, or a field of the filter language')
    .argument('[filter...]', FILTER)
    .option('--since <time>', 'from: 24h, 2026-11-22, now-1h (1h)')
    .option('--until <time>', 'until: 2026-11-22T08:30:00Z, now-1h')
    .option('--limit <count>', 'at most so many (20)')
    .addHelpText(
      'after',
      examples('active-defense top src --since 1h', `active-defense top port "action eq deny" --since 24h`),
    )
    .action(
      action(async (field, words, options) => (await import('./search.ts')).top(io, field, words, options)),
    )
  withService(program.command('tail'))
    .summary('records as they come')
    .description(
      'Shows records that meet a filter as they come, until Ctrl-C; says how many could not be shown.',
    )
    .argument('[filter...]', FILTER)
    .addHelpText('after', examples('active-defense tail', 'active-defense tail "severity geq high" --json'))
    .action(action(async (words, options) => (await import('./search.ts')).tail(io, words, options)))
}

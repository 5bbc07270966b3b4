/** The words of `users`, `sessions`, `tokens` and `audit`. */
import type { Command } from 'commander'
import { type CommandContext, examples, withService } from './words.ts'

export function addAccounts(program: Command, context: CommandContext): void {
  addUsers(program, context)
  addCredentials(program, context)
  addAudit(program, context)
}

function addUsers(program: Command, { io, action }: CommandContext): void {
  const users = program
    .command('users')
    .summary('who may sign in, and lost passwords')
    .description('The users of the page, from the server itself: nobody has to sign in for it.')
  withService(users.command('list'))
    .description('Lists users.')
    .addHelpText('after', examples('active-defense users list'))
    .action(action(async (options) => (await import('./accounts.ts')).listUsers(io, options)))
  withService(users.command('add'))
    .description('Adds a user; the password is read from stdin and changed at the first sign-in.')
    .argument('<name>')
    .requiredOption('--role <role>', 'viewer, operator or administrator')
    .addHelpText('after', examples('active-defense users add ben --role operator < password.txt'))
    .action(action(async (name, options) => (await import('./accounts.ts')).addUser(io, name, options)))
  withService(users.command('change'))
    .description('Changes a user, whose sessions then end.')
    .argument('<name>')
    .option('--role <role>', 'viewer, operator or administrator')
    .option('--password', 'another one, read from stdin, to be changed at the next sign-in')
    .option('--drop-factor', 'take the second factor off: the phone was lost')
    .option('--disable', 'may not sign in')
    .option('--enable', 'may sign in again')
    .addHelpText(
      'after',
      examples(
        'active-defense users change ada --password < password.txt',
        'active-defense users change ben --disable',
      ),
    )
    .action(action(async (name, options) => (await import('./accounts.ts')).changeUser(io, name, options)))
  withService(users.command('remove'))
    .description('Removes a user with sessions, tokens and private views.')
    .argument('<name>')
    .requiredOption('--reason <text>', 'why; kept in the audit log')
    .addHelpText('after', examples('active-defense users remove ben --reason "left"'))
    .action(action(async (name, options) => (await import('./accounts.ts')).removeUser(io, name, options)))
}

function addCredentials(program: Command, { io, action }: CommandContext): void {
  const sessions = program
    .command('sessions')
    .summary('who is signed in')
    .description('Sessions of the page.')
  withService(sessions.command('list'))
    .description('Lists sessions.')
    .addHelpText('after', examples('active-defense sessions list'))
    .action(action(async (options) => (await import('./accounts.ts')).listSessions(io, options)))
  withService(sessions.command('end'))
    .description('Ends a session at once.')
    .argument('<id>')
    .addHelpText('after', examples('active-defense sessions end ID'))
    .action(
      action(async (id, options) => (await import('./accounts.ts')).endById(io, 'endSession', id, options)),
    )
  const tokens = program
    .command('tokens')
    .summary('tokens of programs')
    .description('Tokens for programs; they are made on the page, in person.')
  withService(tokens.command('list'))
    .description('Lists tokens.')
    .addHelpText('after', examples('active-defense tokens list'))
    .action(action(async (options) => (await import('./accounts.ts')).listTokens(io, options)))
  withService(tokens.command('remove'))
    .description('Removes a token at once.')
    .argument('<id>')
    .addHelpText('after', examples('active-defense tokens remove ID'))
    .action(
      action(async (id, options) => (await import('./accounts.ts')).endById(io, 'removeToken', id, options)),
    )
}

function addAudit(program: Command, { io, action }: CommandContext): void {
  const audit = program
    .command('audit')
    .summary('who changed what, and whether the log is whole')
    .description('The audit log, the newest row first.')
  withService(audit.command('list'))
    .description('Lists rows.')
    .option('--action <name>', 'only these: block.add, setting.change')
    .option('--subject <text>', 'only of this address, user, setting')
    .option('--actor <name>', 'only by this one')
    .option('--limit <count>', 'at most so many, 1 to 1000', '100')
    .addHelpText('after', examples('active-defense audit list --subject 198.51.100.7'))
    .action(action(async (options) => (await import('./accounts.ts')).listAudit(io, options)))
  withService(audit.command('check'))
    .description('Checks the chain of hashes; exit 1 when a row was changed from outside.')
    .addHelpText('after', examples('active-defense audit check'))
    .action(action(async (options) => (await import('./accounts.ts')).checkAudit(io, options)))
}

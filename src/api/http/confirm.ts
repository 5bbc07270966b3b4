/**
 * Which edits ask for the password once more (ASVS 5.0 7.5.1-7.5.2): those of credentials, and those after which less is
 * detected or blocked. They ask a browser whose last confirmation is too old. A token has no password: those of credentials
 * are closed to it, and for the others its scopes must name it (WEAKEN_SCOPE), which "all scopes" does not. The control
 * socket is not asked.
 * Beside the table of routes, not in it, because the page carries that one and has no use for this. Where the input alone
 * does not tell whether something is weakened, it asks.
 */
import { type Address, contains, isV4, parseNetwork } from '../../lib/address.ts'
import type { Input, RouteName } from '../control-contract.ts'
import type { HttpCaller } from './http-caller.ts'
import { WEAKEN_SCOPE } from './roles.ts'

/** `true`: always; else judged by the input. */
export const CONFIRMED: { readonly [Name in RouteName]?: true | ((input: Input<Name>) => boolean) } = {
  addUser: true,
  changeUser: true,
  removeUser: true,
  addToken: true,
  beginFactor: true,
  confirmFactor: true,
  replaceCertificate: ({ dryRun }) => !dryRun,
  removeCertificate: true,
  setEngine: ({ action }) => action !== 'on',
  withdraw: ({ dryRun }) => !dryRun,
  addAllow: ({ targets, dryRun }) => !dryRun && targets.some(isWide),
  changeSettings: ({ changes }) => Object.entries(changes).some(([key, value]) => isRisky(key, value)),
}

interface Unconfirmed {
  readonly status: number
  readonly code: string
  readonly detail: string
}

/** Why the caller must confirm who he is before this edit, or may not make it as a token, or null. */
export function confirmationFor(
  name: RouteName,
  input: unknown,
  { by, toConfirm, scopes }: HttpCaller,
): Unconfirmed | null {
  if (by === 'session' && toConfirm === null) return null
  const rule = CONFIRMED[name] as true | ((input: unknown) => boolean) | undefined
  if (rule === undefined || (rule !== true && !rule(input))) return null
  if (by === 'token') return tokenRefusal(name, input, scopes)
  const detail =
    toConfirm === 'sign-in'
      ? 'nothing was changed: this needs a fresh sign-in. Sign out, sign in again, then repeat it'
      : 'nothing was changed: this needs your password once more (POST /api/v1/account/confirm), then repeat it'
  return { status: 403, code: 'confirm-password', detail }
}

function tokenRefusal(name: RouteName, input: unknown, scopes: HttpCaller['scopes']): Unconfirmed | null {
  const changes = name === 'changeSettings' ? (input as Input<'changeSettings'>).changes : {}
  const key = Object.keys(changes).find((one) => CREDENTIALS.test(one))
  if (key !== undefined)
    return { status: 403, code: 'token', detail: `a token cannot change ${key}: sign in on the page` }
  if (scopes?.includes(WEAKEN_SCOPE) === true) return null
  const detail = `the token has no scope ${WEAKEN_SCOPE}, which edits need after which less is detected or blocked`
  return { status: 403, code: 'scope', detail }
}

const FIRST_V4: Address = [0, 0, 0xffff, 0]
const WIDEST_V4 = 96 + 16
const WIDEST_V6 = 32

function isWide(text: string): boolean {
  const network = parseNetwork(text, true)
  if (network === null) return false // refused as no network
  if (isV4(network.words)) return network.prefixLength < WIDEST_V4
  return network.prefixLength < WIDEST_V6 || contains(network, FIRST_V4) // `::/80` holds all of IPv4
}

/** Lists of networks that are never blocked, or whose traffic counts less. */
const SPARED_NETWORKS = ['decisions.protected', 'networks.own', 'detection.guards.networks']
/** Who becomes an administrator, and which certificate is served. */
const CREDENTIALS = /^(?:oidc|web\.tls)\./
/** What the rules leave out. */
const LEFT_OUT = /^detection\.(?:devices|exceptions)$/
const RULE_MODE = /^detection\.\w+\.mode$/
/** A rule's numbers, of which 0 switches it off. */
const RULE_NUMBER = /^detection\.\w+\.(?:minutes|level|perHour|perSixHours|perDay)$/

/** `value`: text as after `--set KEY=`; null: back to the default, which for most rules is shadow. */
function isRisky(key: string, value: string | null): boolean {
  if (CREDENTIALS.test(key) || LEFT_OUT.test(key)) return true
  if (RULE_MODE.test(key)) return value?.trim() !== 'enforce'
  if (RULE_NUMBER.test(key)) return value !== null && Number(value) === 0
  if (!SPARED_NETWORKS.includes(key) || value === null) return false
  // Text that is more than plain networks may be YAML with escapes: not read here, so it is asked for.
  if (!/^[\s\da-f:./,[\]'"-]*$/i.test(value)) return true
  return (value.match(/[\da-f:.]+\/\d+/gi) ?? []).some(isWide)
}

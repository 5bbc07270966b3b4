/**
 * Where the operations of the contract are found over HTTPS, who may use them, and what they are called in the API's
 * description. The operations are those of the command line (control-contract.ts): one contract, two doors. `{name}` in
 * a path is a field of the input; the rest of the input comes from the query of a GET, else from the body.
 */
import type { RouteName } from '../control-contract.ts'
import type { Role } from './roles.ts'
import { ACCOUNT_HTTP_ROUTES } from './routes/accounts.ts'
import { ADDRESS_HTTP_ROUTES } from './routes/addresses.ts'
import { CERTIFICATE_HTTP_ROUTES } from './routes/certificate.ts'
import { FIREWALL_HTTP_ROUTES } from './routes/firewalls.ts'
import { CROWDSEC_HTTP_ROUTES } from './routes/crowdsec.ts'
import { FEEDS_HTTP_ROUTES } from './routes/feeds.ts'
import { IMPORT_HTTP_ROUTES } from './routes/imports.ts'
import { NOTIFY_HTTP_ROUTES } from './routes/notify.ts'
import { OVERVIEW_HTTP_ROUTES } from './routes/overview.ts'
import { RECORDS_HTTP_ROUTES } from './routes/records.ts'
import { VIEWS_HTTP_ROUTES } from './routes/views.ts'

export const API_PREFIX = '/api/v1'

export interface HttpRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below API_PREFIX. */
  readonly path: string
  readonly role: Role
  /** Group in the description. */
  readonly tag: string
  readonly summary: string
  /** Credentials are changed by people: a token that could make tokens would be worth more than its role and scope. */
  readonly by?: 'session'
  /**
   * Rows only: the field by which pages go on; rows come in falling order of it. Null: all rows are one page.
   */
  readonly cursor?: string | null
  /**
   * Rows only: the field of the input that takes the cursor, where the action itself begins behind it and gives rows in
   * order: no more of them are made than a page shows.
   */
  readonly cursorInput?: string
  /** Edits only: the GET operation whose ETag `If-Match` is held against. */
  readonly guards?: RouteName
}

/** Null: not offered over HTTPS. */
export const HTTP_ROUTES: { readonly [Name in RouteName]: HttpRoute | null } = {
  status: { method: 'GET', path: '/status', role: 'viewer', tag: 'status', summary: 'How the service is' },
  listBlocks: {
    method: 'GET',
    path: '/blocks',
    role: 'viewer',
    tag: 'blocks',
    summary: 'What is blocked, held or noted in shadow',
    cursor: 'id',
    cursorInput: 'before',
  },
  addBlocks: {
    method: 'POST',
    path: '/blocks/add',
    role: 'operator',
    tag: 'blocks',
    summary: 'Block addresses or networks',
  },
  extendBlocks: {
    method: 'POST',
    path: '/blocks/extend',
    role: 'operator',
    tag: 'blocks',
    summary: 'Give blocks another end',
  },
  tagBlocks: {
    method: 'POST',
    path: '/blocks/tag',
    role: 'operator',
    tag: 'blocks',
    summary: 'Put words on blocks, or take them off',
  },
  listTags: {
    method: 'GET',
    path: '/blocks/tags',
    role: 'viewer',
    tag: 'blocks',
    summary: 'The words on blocks, with how many times',
    cursor: null,
  },
  removeBlocks: {
    method: 'POST',
    path: '/blocks/remove',
    role: 'operator',
    tag: 'blocks',
    summary: 'Lift blocks',
  },
  releaseHeld: {
    method: 'POST',
    path: '/held/release',
    role: 'operator',
    tag: 'blocks',
    summary: 'Put held blocks on the list',
  },
  refuseHeld: {
    method: 'POST',
    path: '/held/refuse',
    role: 'operator',
    tag: 'blocks',
    summary: 'Refuse held blocks',
  },
  withdraw: {
    method: 'POST',
    path: '/withdraw',
    role: 'operator',
    tag: 'blocks',
    summary: 'Lift all blocks since a time, by a rule, or on evidence of a device',
  },
  listAllow: {
    method: 'GET',
    path: '/allow',
    role: 'viewer',
    tag: 'allowlist',
    summary: 'What is never blocked',
    cursor: null,
  },
  addAllow: {
    method: 'POST',
    path: '/allow/add',
    role: 'operator',
    tag: 'allowlist',
    summary: 'Add to the allowlist',
  },
  removeAllow: {
    method: 'POST',
    path: '/allow/remove',
    role: 'operator',
    tag: 'allowlist',
    summary: 'Take off the allowlist',
  },
  checkAllow: {
    method: 'POST',
    path: '/allow/check',
    role: 'viewer',
    tag: 'allowlist',
    summary: 'Whether a block would be refused, and why',
  },
  setFreeze: {
    method: 'POST',
    path: '/freeze',
    role: 'operator',
    tag: 'engine',
    summary: 'Freeze the list, or let it change again',
  },
  setEngine: {
    method: 'POST',
    path: '/engine',
    role: 'administrator',
    tag: 'engine',
    summary: 'Switch detection on or off, or forget what it counts',
  },
  explain: {
    method: 'POST',
    path: '/explain',
    role: 'viewer',
    tag: 'detection',
    summary: 'Why an address is blocked or not',
  },
  explainLine: {
    method: 'POST',
    path: '/explain-line',
    role: 'viewer',
    tag: 'detection',
    summary: 'A log line or stored record through all stages: read, guards, rules, decision',
  },
  listSettings: {
    method: 'GET',
    path: '/settings',
    role: 'viewer',
    tag: 'settings',
    summary: 'Every setting with its value, default and origin',
    cursor: null,
  },
  changeSettings: {
    method: 'PATCH',
    path: '/settings',
    role: 'administrator',
    tag: 'settings',
    summary: 'Change settings',
    guards: 'listSettings',
  },
  reload: {
    method: 'POST',
    path: '/reload',
    role: 'administrator',
    tag: 'settings',
    summary: 'Read the configuration file again',
  },
  backtest: {
    method: 'POST',
    path: '/backtest',
    role: 'viewer',
    tag: 'detection',
    summary: 'What other settings would have found in stored records, as JSON lines while it runs',
    cursor: null,
  },
  backtestLines: null,
  stop: null,
  ...ACCOUNT_HTTP_ROUTES,
  ...ADDRESS_HTTP_ROUTES,
  ...CERTIFICATE_HTTP_ROUTES,
  ...CROWDSEC_HTTP_ROUTES,
  ...FEEDS_HTTP_ROUTES,
  ...FIREWALL_HTTP_ROUTES,
  ...IMPORT_HTTP_ROUTES,
  ...NOTIFY_HTTP_ROUTES,
  ...OVERVIEW_HTTP_ROUTES,
  ...RECORDS_HTTP_ROUTES,
  ...VIEWS_HTTP_ROUTES,
}

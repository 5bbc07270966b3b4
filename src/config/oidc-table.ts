/** Settings of signing in at an identity provider (OpenID Connect), beside the passwords of this service. */
import { z } from 'zod'
import { type SettingDefinition, setting } from './setting.ts'

export const OIDC_SECRETS = ['oidc.clientSecret'] as const

const line = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^\P{Cc}*$/u, 'expected text without control characters')

export const OIDC_SETTINGS = {
  'oidc.issuer': setting(
    line(512).regex(
      /^$|^https?:\/\/[^\s?#@]+$/,
      'expected an address such as https://login.example.net/realms/main, or nothing',
    ),
    '',
    'URL',
    'Identity provider (OpenID Connect) at which people may sign in, beside passwords; empty switches that off. Its address as its own documents call it, by HTTPS.',
    true,
  ),
  'oidc.clientId': setting(line(256), '', 'name', 'Name of this service at the identity provider.', true),
  'oidc.clientSecret': setting(
    z.string().max(1024),
    '',
    'secret',
    'Secret of this service at the identity provider; empty where it gave none.',
    true,
  ),
  'oidc.name': setting(
    line(64).min(1),
    'Single sign-on',
    'text',
    'What the button on the sign-in page says.',
    true,
  ),
  'oidc.scopes': setting(
    z.array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/, 'expected a scope without blanks')).max(16),
    ['openid', 'profile', 'email'],
    'list of names',
    'Scopes that are asked for; some providers tell groups only for a scope of its own, such as `groups`.',
    true,
  ),
  'oidc.roleClaim': setting(
    line(256).min(1),
    'groups',
    'name',
    'Claim that holds the groups or roles of a person; `realm_access.roles` goes into a claim of claims.',
    true,
  ),
  'oidc.roles': setting(
    z.record(z.string().min(1).max(256), z.enum(['viewer', 'operator', 'administrator'])),
    {},
    'group: role',
    'Role by group, the highest of all counts. Who is in none of them is refused.',
    true,
  ),
  'oidc.domains': setting(
    z
      .array(
        z.string().regex(/^(?:[a-z\d-]{1,63}\.)+[a-z\d-]{2,63}$/i, 'expected a domain such as example.net'),
      )
      .max(100),
    [],
    'list of domains',
    'Only people with a verified mail address in one of them may sign in; empty: whoever has a role.',
    true,
  ),
  'oidc.pageUrl': setting(
    line(512).regex(
      /^$|^https:\/\/[^\s/?#@]+$/,
      'expected an address such as https://ads.example.net:8443, or nothing',
    ),
    '',
    'URL',
    'Address of the page as browsers know it, to which the identity provider sends people back; empty takes the one that the browser asks.',
    true,
  ),
  'oidc.ca': setting(
    z.string().max(4096),
    '',
    'path',
    "PEM file of the authorities that the identity provider's certificate is checked with; empty takes the usual ones.",
    true,
  ),
} as const satisfies Record<string, SettingDefinition>

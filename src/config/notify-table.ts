/** Settings of notifications: the mail server, what is told of it, and what raises the alarms that people are told. */
import { z } from 'zod'
import { isMailAddress } from '../lib/mail-address.ts'
import { networks, type SettingDefinition, setting, whole } from './setting.ts'

export const NOTIFY_SECRETS = ['smtp.password'] as const

export const NOTIFY_SETTINGS = {
  'smtp.host': setting(
    z
      .string()
      .max(253)
      .regex(/^[\w.:-]*$/, 'expected a host name or address, or nothing'),
    '',
    'host name',
    'The mail server that takes our mails; empty sends none.',
    true,
  ),
  'smtp.port': setting(
    whole(1, 65_535),
    587,
    'port',
    'Its port: 587 with STARTTLS, 465 with TLS, 25 without.',
    true,
  ),
  'smtp.security': setting(
    z.enum(['starttls', 'tls', 'starttls-if-offered', 'none']),
    'starttls',
    'starttls | tls | starttls-if-offered | none',
    'How the connection is protected. A password is never sent without TLS.',
    true,
  ),
  'smtp.user': setting(
    z
      .string()
      .max(320)
      .regex(/^\P{Cc}*$/u, 'expected a name without control characters'),
    '',
    'name',
    'Name at the mail server; empty signs nobody in.',
    true,
  ),
  'smtp.password': setting(z.string().max(1024), '', 'secret', 'Password of smtp.user.', true),
  'smtp.from': setting(
    z.string().refine((text) => text === '' || isMailAddress(text), 'expected a mail address or nothing'),
    '',
    'mail address',
    'Sender of our mails; empty takes smtp.user where that is an address.',
    true,
  ),
  'smtp.ca': setting(
    z.string(),
    '',
    'path',
    "PEM file of the authorities that the mail server's certificate is checked with; empty takes the usual ones.",
    true,
  ),
  'smtp.timeoutSeconds': setting(
    whole(1, 300),
    20,
    's',
    'A mail server that says nothing for so long is given up until the next try.',
    true,
  ),
  'notify.privateTargets': setting(
    networks,
    [],
    'list of networks',
    'Private and other special networks that webhooks may reach, also by plain HTTP; else only public addresses by HTTPS.',
    true,
  ),
  'notify.silentMinutes': setting(
    whole(0, 10_080),
    30,
    'min',
    'A firewall that sent regularly and sends nothing for so long raises an alarm; 0 switches that off.',
    true,
  ),
  'notify.diskPercent': setting(
    whole(50, 100),
    85,
    'percent',
    'The disk of the data folder is told about when it is so full, and is critical at 95; 100 switches that off.',
    true,
  ),
  'notify.reportDay': setting(
    z.enum(['off', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']),
    'monday',
    'off or a day',
    'Day of the weekly report.',
    true,
  ),
  'notify.reportHour': setting(
    whole(0, 23),
    7,
    'hour of the day',
    'Hour of the weekly report, in time.zone.',
    true,
  ),
} as const satisfies Record<string, SettingDefinition>

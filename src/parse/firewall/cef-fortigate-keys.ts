/**
 * The keys of FortiGate's CEF and what they fill ("FortiOS to CEF log field mapping guidelines"). Fields that CEF has no
 * name for come with a prefix: `FTNTFGT`, `FortinetFortiGate`, or what a relay put there (`ad.`).
 */
import { ascii } from '../bytes.ts'
import { STANDARD_KEYS } from './cef.ts'
import { keyTable, labelTable, REGISTERS } from './pair-registers.ts'
import type { PairKeys } from './pair-scan.ts'

/** Registers that only FortiOS has. */
const OWN = [
  'policyName',
  'crLevel',
  'profileAction',
  'eventType',
  'virus',
  'virusId',
  'botnet',
  'tunnelType',
  'remote', // `remip`
  'remotePort',
  'local',
  'localPort',
  'userAddress',
  'service',
  'categoryText',
  'unknownUser',
] as const
/** All registers by their number. */
const ALL = [...REGISTERS, ...OWN]
export const R = Object.fromEntries(ALL.map((name, i) => [name, i])) as Record<(typeof ALL)[number], number>

export const FORTIGATE: PairKeys = {
  keys: keyTable(R, {
    ...STANDARD_KEYS,
    app: 'service',
    duser: 'sourceUser*', // `user`, and in mail logs the recipient too
    deviceInboundInterface: 'sourceZone',
    deviceOutboundInterface: 'destinationZone',
    out: 'sent',
    in: 'received',
    externalId: 'session',
    sproc: 'origin',
    fname: 'url',
    request: 'url+1',
    deviceDirection: 'direction',
    deviceSeverity: 'level',
    subtype: 'subtype',
    start: 'eventTime',
    tz: 'timeZone',
    requestContext: 'categoryText',
  }),
  prefixed: {
    prefixes: [ascii('FTNTFGT'), ascii('FortinetFortiGate')],
    keys: keyTable(R, {
      action: 'action',
      utmaction: 'profileAction',
      type: 'type',
      subtype: 'subtype+1',
      eventtype: 'eventType',
      level: 'level+1',
      severity: 'severity',
      crlevel: 'crLevel',
      policyid: 'ruleId',
      policy_id: 'ruleId',
      policyname: 'policyName',
      service: 'service+1',
      app: 'application+1',
      srccountry: 'sourceCountry',
      dstcountry: 'destinationCountry',
      dstuser: 'destinationUser',
      unauthuser: 'unknownUser',
      sentpkt: 'packetsSent+1',
      rcvdpkt: 'packetsReceived+1',
      attack: 'threatName',
      attackid: 'threatId',
      virus: 'virus',
      virusid: 'virusId',
      botnetdomain: 'botnet',
      eventtime: 'exactTime',
      tz: 'timeZone+1',
      devname: 'device',
      devid: 'serial+1',
      remip: 'remote',
      remport: 'remotePort',
      locip: 'local',
      locport: 'localPort',
      userip: 'userAddress',
      tunneltype: 'tunnelType',
      catdesc: 'categoryText',
      forwardedfor: 'client',
      count: 'count',
      url: 'url',
    }),
  },
  labels: labelTable(R, {
    'Policy Id': 'ruleId',
    'Packets Sent': 'packetsSent',
    'Packets Received': 'packetsReceived',
    Virus: 'virus',
  }),
}

export const REGISTER_TOTAL = ALL.length

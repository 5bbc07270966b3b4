/**
 * Whether the rules of a PAN-OS firewall can make blocks bite: the deny rule is there, stands above what it must deny, covers
 * everything and logs; a sensor rule ends the rulebase; allow rules from outside forward their lines. Pure; each finding
 * says the mend.
 */
import type { AlarmInput } from '../../telemetry/alarms.ts'
import type { SecurityRule } from './answers.ts'

const DENY = new Set(['drop', 'deny', 'reset-client', 'reset-server', 'reset-both'])
const NAMES_SHOWN = 3

/** `where` names the firewall and the virtual system in messages. */
export function ruleFindings(
  rules: readonly SecurityRule[] | null,
  list: string,
  where: string,
): AlarmInput[] {
  if (rules === null || rules.length === 0) {
    return [
      {
        code: 'no-own-rules',
        severity: 'info',
        message: `${where} has no security rules of its own, so they could not be looked at; Panorama may give them.`,
        mend: 'Look at the order of the pre-rules in Panorama by hand.',
      },
    ]
  }
  const active = rules.filter(({ isDisabled }) => !isDisabled)
  const at = active.findIndex((rule) => isDenyOf(rule, list))
  const deny = active[at]
  if (deny === undefined) return [noDenyRule(rules, list, where), ...sensorFindings(active, where)]
  return [
    ...orderFindings(active.slice(0, at), deny, where),
    ...widthFindings(deny, where),
    ...logFindings(deny, where),
    ...sensorFindings(active.slice(at + 1), where),
    ...allowFindings(active, deny, where),
  ]
}

function isDenyOf(rule: SecurityRule, list: string): boolean {
  return DENY.has(rule.action) && !rule.negatesSource && rule.source.includes(list)
}

function noDenyRule(rules: readonly SecurityRule[], list: string, where: string): AlarmInput {
  const disabled = rules.find((rule) => rule.isDisabled && isDenyOf(rule, list))
  const negated = rules.find((rule) => rule.negatesSource && rule.source.includes(list))
  const why =
    disabled !== undefined
      ? `its rule ${quoted(disabled.name)} is disabled`
      : negated !== undefined
        ? `its rule ${quoted(negated.name)} negates the source, and so means everyone else`
        : 'no rule that drops or resets has it as source'
  return {
    code: 'no-deny-rule',
    severity: 'critical',
    message: `${where} does not deny what the list ${quoted(list)} holds: ${why}.`,
    mend: 'Make the deny rule and put it on top (docs/firewalls/paloalto.md, step 6), then commit.',
  }
}

function orderFindings(above: readonly SecurityRule[], deny: SecurityRule, where: string): AlarmInput[] {
  const wrong = above.filter((rule) => rule.action === 'allow' && shareZone(rule.from, deny.from))
  if (wrong.length === 0) return []
  return [
    {
      code: 'deny-below-allow',
      severity: 'critical',
      message: `${where}: ${wrong.length} rules that allow stand above the deny rule ${quoted(deny.name)}: ${namesOf(wrong)}.`,
      mend: `move rulebase security rules "${deny.name.replaceAll('"', '')}" top, then commit.`,
    },
  ]
}

function widthFindings(deny: SecurityRule, where: string): AlarmInput[] {
  const narrow = [
    ...(isAny(deny.to) ? [] : ['destination zone']),
    ...(isAny(deny.destination) ? [] : ['destination']),
    ...(isAny(deny.application) ? [] : ['application']),
    ...(isAny(deny.service) ? [] : ['service']),
  ]
  if (narrow.length === 0) return []
  return [
    {
      code: 'deny-narrow',
      severity: 'warning',
      message: `${where}: the deny rule ${quoted(deny.name)} does not cover everything: its ${narrow.join(', ')} is not "any".`,
      mend: 'Set destination zone, destination, application and service of the deny rule to any, then commit.',
    },
  ]
}

function logFindings(deny: SecurityRule, where: string): AlarmInput[] {
  if (isLogged(deny)) return []
  return [
    {
      code: 'deny-not-logged',
      severity: 'warning',
      message: `${where}: the deny rule ${quoted(deny.name)} does not forward its lines, so nobody sees what it stops and blocks end while the attack goes on.`,
      mend: 'Set log at session end and the log forwarding profile on it, then commit.',
    },
  ]
}

/** The last rule denies anybody from outside and logs it: scans show there. */
function sensorFindings(below: readonly SecurityRule[], where: string): AlarmInput[] {
  const sensor = below.findLast(
    (rule) => DENY.has(rule.action) && isAny(rule.source) && isAny(rule.destination) && !rule.negatesSource,
  )
  if (sensor !== undefined && isLogged(sensor)) return []
  const what =
    sensor === undefined
      ? 'has no rule that denies and logs the rest'
      : `does not forward the lines of its sensor rule ${quoted(sensor.name)}`
  return [
    {
      code: 'no-sensor',
      severity: 'warning',
      message: `${where} ${what}: scans of what no rule allows are not seen.`,
      mend: 'Make the sensor rule at the bottom with log forwarding (docs/firewalls/paloalto.md, step 7), then commit.',
    },
  ]
}

function allowFindings(rules: readonly SecurityRule[], deny: SecurityRule, where: string): AlarmInput[] {
  const silent = rules.filter(
    (rule) =>
      rule.action === 'allow' && shareZone(rule.from, deny.from) && !isAny(deny.from) && !isLogged(rule),
  )
  if (silent.length === 0) return []
  return [
    {
      code: 'allow-not-logged',
      severity: 'info',
      message: `${where}: ${silent.length} rules that let the internet in do not forward their lines: ${namesOf(silent)}. Threats and leaks there are not seen.`,
      mend: 'Set the log forwarding profile on them (docs/firewalls/paloalto.md, step 8), then commit.',
    },
  ]
}

function isLogged({ logEnd, logSetting }: SecurityRule): boolean {
  return logEnd !== false && logSetting !== null && logSetting !== ''
}

function isAny(members: readonly string[]): boolean {
  return members.length === 0 || members.includes('any')
}

function shareZone(a: readonly string[], b: readonly string[]): boolean {
  return isAny(a) || isAny(b) || a.some((zone) => b.includes(zone))
}

function namesOf(rules: readonly SecurityRule[]): string {
  const names = rules.slice(0, NAMES_SHOWN).map(({ name }) => quoted(name))
  return rules.length > NAMES_SHOWN ? `${names.join(', ')}, ...` : names.join(', ')
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 64))
}

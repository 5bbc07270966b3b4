/** What people are told of a push that does not work, and of firewalls that were written down in part. */
import type { AlarmInput } from '../../telemetry/alarms.ts'

export function noVsys(name: string): AlarmInput {
  return {
    code: 'no-vsys',
    severity: 'warning',
    message: `The firewall ${name} has several virtual systems, and none is named.`,
    mend: 'Name those that use the list: firewalls change NAME --vsys vsys1 vsys2.',
  }
}

export function noList(name: string): AlarmInput {
  return {
    code: 'no-list-named',
    severity: 'warning',
    message: `No external dynamic list is named for the firewall ${name}: it can be neither refreshed nor read back.`,
    mend: 'Name it as it is called on the firewall: firewalls change NAME --list ActiveDefense-Blacklist.',
  }
}

export function unreachable(id: string, name: string, why: string): AlarmInput {
  return {
    code: `firewall-unreachable:${id}`,
    severity: 'warning',
    message: `The management API of the firewall ${name} does not answer: ${why}. It still fetches the list by itself.`,
    mend: 'Look at its address and port, the way to its management interface, and its permitted addresses; it is tried again by itself.',
  }
}

export function stopped(fault: 'auth' | 'certificate', id: string, name: string, why: string): AlarmInput {
  const isAuth = fault === 'auth'
  return {
    code: `firewall-${fault}:${id}`,
    severity: 'critical',
    message: isAuth
      ? `The firewall ${name} refuses the API key, and nothing more is pushed to it: ${why}.`
      : `The management API of the firewall ${name} shows a certificate that is not trusted, and nothing is sent to it: ${why}.`,
    mend: isAuth
      ? 'Make a new key or give its role the rights (XML API: operational requests, User-ID, configuration); then firewalls change NAME --key-file FILE.'
      : 'Find out why it changed. If it is right: firewalls change NAME --fingerprint SHA256 or --ca-file FILE; then firewalls check NAME.',
  }
}

export function full(id: string, name: string, why: string): AlarmInput {
  return {
    code: `firewall-full:${id}`,
    severity: 'warning',
    message: `The firewall ${name} holds no more registered addresses, and none is tagged any more: ${why}. The list goes on.`,
    mend: 'Shorten the timeout of tags (--tag-timeout), or switch tags off (--tag off); firewalls check NAME begins anew.',
  }
}

export function refused(id: string, name: string, why: string): AlarmInput {
  return {
    code: `firewall-refused:${id}`,
    severity: 'warning',
    message: `The firewall ${name} did not do what it was asked: ${why}.`,
    mend: 'Look at the names of list, tag and virtual systems: firewalls check NAME.',
  }
}

/** The screens that tests look through one after the other, and a service furnished with what they show one of. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Service } from './harness.ts'

/** Every screen, with each part that has an address of its own. */
export const SCREENS = [
  '/',
  '/events',
  '/blocks',
  '/blocks?mode=ended',
  '/ip/198.51.100.7',
  '/ip/198.51.100.0%2F24',
  '/wall',
  '/about',
  '/allow',
  '/detections',
  '/engine',
  '/feeds',
  '/feeds?feed=blacklist&tab=use',
  '/feeds?feed=blacklist&tab=fetchers',
  '/feeds?feed=blacklist&tab=preview',
  '/feeds?feed=blacklist&tab=revisions',
  '/feeds?feed=blacklist&tab=access',
  '/firewalls',
  '/firewalls?firewall=edge',
  '/bouncers',
  '/bouncers?bouncer=web-1',
  '/imports',
  '/imports?list=old',
  '/notifications',
  '/welcome',
  '/sources',
  '/settings',
  '/audit',
  '/users',
  '/account',
]

/** A list to import, less its name, direction and source. */
export const NEW_LIST = {
  hosts: [],
  refreshMinutes: 5,
  confidence: null,
  keepHours: 24,
  takesWide: false,
  maxEntries: 100,
  note: '',
  dryRun: false,
}

/** Adds the firewall `edge`, the bouncer `web-1`, and the list `old`, of this text, which blocks are compared with. */
export async function furnish({ control, folder }: Service, listText: string): Promise<void> {
  await control.call('addFirewall', {
    name: 'edge',
    addresses: ['127.0.0.2'],
    devices: ['edge-fw-1'],
    intervalSeconds: null,
    feed: 'blacklist',
    api: null,
    reason: '',
  })
  await control.call('addBouncer', { name: 'web-1', hostsOnly: true, sources: [], note: 'Proxy' })
  const from = join(folder, 'old.txt')
  await writeFile(from, listText)
  await control.call('addImport', { ...NEW_LIST, name: 'old', direction: 'compare', from })
}

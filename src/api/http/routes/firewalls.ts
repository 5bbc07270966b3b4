/** Where the operations about firewalls and the proof of enforcement are found over HTTPS. */
const VIEW = { role: 'viewer', tag: 'firewalls' } as const
const ADMIN = { role: 'administrator', tag: 'firewalls' } as const

export const FIREWALL_HTTP_ROUTES = {
  listFirewalls: {
    ...VIEW,
    method: 'GET',
    path: '/firewalls',
    summary: 'Firewalls that fetch or report, and what they do with blocked sources',
    cursor: null,
  },
  showFirewall: {
    ...VIEW,
    method: 'GET',
    path: '/firewalls/{firewall}',
    summary: 'A firewall and its leaks',
  },
  addFirewall: { ...ADMIN, method: 'POST', path: '/firewalls', summary: 'Write a firewall down' },
  changeFirewall: {
    ...ADMIN,
    method: 'PATCH',
    path: '/firewalls/{firewall}',
    summary: 'Change what is written down of a firewall',
    guards: 'showFirewall',
  },
  removeFirewall: { ...ADMIN, method: 'DELETE', path: '/firewalls/{firewall}', summary: 'Forget a firewall' },
  checkFirewall: {
    role: 'operator',
    tag: 'firewalls',
    method: 'POST',
    path: '/firewalls/{firewall}/check',
    summary: 'Ask its management API: key, certificate, list and rules',
  },
  refreshFirewall: {
    role: 'operator',
    tag: 'firewalls',
    method: 'POST',
    path: '/firewalls/{firewall}/refresh',
    summary: 'Let it fetch the list now',
  },
  listLeaks: {
    ...VIEW,
    method: 'GET',
    path: '/leaks',
    summary: 'Blocked addresses that a firewall lets through',
    cursor: null,
  },
  listEnforcement: {
    ...VIEW,
    method: 'GET',
    path: '/enforcement',
    summary: 'Time lines of blocks: published, fetched, loaded, first packet denied',
    cursor: null,
  },
  showEnforcement: {
    role: 'viewer',
    tag: 'firewalls',
    method: 'POST',
    path: '/enforcement/show',
    summary: 'The time line of one block',
  },
} as const

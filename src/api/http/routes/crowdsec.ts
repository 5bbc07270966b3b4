/** Where the operations about CrowdSec bouncers are found over HTTPS. */
export const CROWDSEC_HTTP_ROUTES = {
  listBouncers: {
    method: 'GET',
    path: '/bouncers',
    role: 'viewer',
    tag: 'bouncers',
    summary: 'CrowdSec bouncers that may fetch decisions, and when they did',
    cursor: null,
  },
  addBouncer: {
    method: 'POST',
    path: '/bouncers',
    role: 'administrator',
    tag: 'bouncers',
    summary: 'Add a CrowdSec bouncer; its key is told this once',
  },
  changeBouncer: {
    method: 'PATCH',
    path: '/bouncers/{name}',
    role: 'administrator',
    tag: 'bouncers',
    summary: 'Change a CrowdSec bouncer; a new key is told this once',
    guards: 'showBouncer',
  },
  removeBouncer: {
    method: 'DELETE',
    path: '/bouncers/{name}',
    role: 'administrator',
    tag: 'bouncers',
    summary: 'Remove a CrowdSec bouncer; its key is refused at once',
  },
  showBouncer: {
    method: 'GET',
    path: '/bouncers/{name}',
    role: 'viewer',
    tag: 'bouncers',
    summary: 'A CrowdSec bouncer with what it told of its work',
  },
} as const

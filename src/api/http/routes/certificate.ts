/** Where the operations about the served certificate are found over HTTPS. A key is handed over by people alone. */
const ADMIN = { role: 'administrator', tag: 'certificate', by: 'session' } as const

export const CERTIFICATE_HTTP_ROUTES = {
  showCertificate: {
    role: 'viewer',
    tag: 'certificate',
    method: 'GET',
    path: '/certificate',
    summary: 'The certificate that firewalls and browsers see',
  },
  replaceCertificate: {
    ...ADMIN,
    method: 'PUT',
    path: '/certificate',
    summary: 'Serve another certificate with its key; the old one stays when it does not hold',
    guards: 'showCertificate',
  },
  removeCertificate: {
    ...ADMIN,
    method: 'DELETE',
    path: '/certificate',
    summary: 'Back to the certificate that the service makes',
    guards: 'showCertificate',
  },
} as const

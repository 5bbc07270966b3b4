/** Where the first screen and what the product is made of are found over HTTPS. */
const READ = { role: 'viewer', tag: 'status', method: 'GET' } as const

export const OVERVIEW_HTTP_ROUTES = {
  overview: { ...READ, path: '/overview', summary: 'Is the site protected, what is new, more than usual' },
  about: { ...READ, path: '/about', summary: 'Versions, places of data, packages and their licences' },
  readDocument: {
    ...READ,
    path: '/about/documents/{name}',
    summary: 'A document that comes with the program',
  },
  softwareBill: { ...READ, path: '/about/sbom', summary: 'Bill of materials of the software, CycloneDX' },
} as const

/** What the contract says of CrowdSec bouncers, carried out. */
import type { Reply, ServiceActions } from '../api/control-contract.ts'
import { AppError } from '../lib/errors.ts'
import type { JournalEntry } from '../model/object.ts'
import { type Bouncer, type BouncerUse, fingerprintOf, METRICS_KIND } from '../publish/crowdsec/bouncer.ts'
import type { ComponentMetrics } from '../publish/crowdsec/usage-metrics.ts'
import type { StateStore } from '../store/state/state-store.ts'
import type { Crowdsec } from './crowdsec.ts'
import type { Parts } from './parts.ts'

type CrowdsecActions = Pick<
  ServiceActions,
  'listBouncers' | 'addBouncer' | 'changeBouncer' | 'removeBouncer' | 'showBouncer'
>

const METRICS_SHOWN = 100

export function crowdsecActions(parts: Parts, state: () => StateStore): CrowdsecActions {
  const crowdsec = (): Crowdsec => {
    if (parts.crowdsec !== null) return parts.crowdsec
    throw new AppError('state-unavailable', 'the bouncers are not loaded yet: try again in a moment')
  }
  const viewOf = (bouncer: Bouncer): Reply<'listBouncers'> =>
    viewOfBouncer(bouncer, crowdsec().bouncers.usesOf(bouncer.name))
  return {
    listBouncers: () => crowdsec().bouncers.all().map(viewOf),
    addBouncer: async ({ name, key, certificate, hostsOnly, sources, note }, { user }) => {
      const wanted = {
        name,
        key: key ?? null,
        certificate: certificate === undefined ? null : checkedFingerprint(certificate),
        hostsOnly,
        sources,
        note,
      }
      const added = await crowdsec().bouncers.add(wanted, user)
      return { bouncer: viewOf(added.bouncer), key: added.key }
    },
    changeBouncer: async ({ name, certificate, reason, ...change }, { user }) => {
      const print = certificate == null ? certificate : checkedFingerprint(certificate)
      const wanted = { ...change, certificate: print }
      const changed = await crowdsec().bouncers.change(name, wanted, user, reason === '' ? null : reason)
      return { bouncer: viewOf(changed.bouncer), key: changed.key }
    },
    removeBouncer: async ({ name, reason }, { user }) => {
      await crowdsec().bouncers.remove(name, user, reason === '' ? null : reason)
      return { message: `${name} was removed: its key is refused from now on` }
    },
    showBouncer: async ({ name }) => {
      const bouncer = crowdsec().bouncers.find(name)
      if (bouncer === null) throw new AppError('not-found', `there is no bouncer ${name}`)
      const entries = await state().journal({ kind: METRICS_KIND, subject: name, limit: METRICS_SHOWN })
      return { bouncer: viewOf(bouncer), metrics: entries.map(metricsView) }
    },
  }
}

function checkedFingerprint(text: string): string {
  const fingerprint = fingerprintOf(text.replace(/^sha256 fingerprint=/i, ''))
  if (fingerprint !== null) return fingerprint
  throw new AppError(
    'usage',
    'certificate: expected its SHA-256 as `openssl x509 -noout -fingerprint -sha256` prints it',
  )
}

const iso = (ms: number): string => new Date(ms).toISOString()
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms))

function viewOfBouncer(bouncer: Bouncer, uses: readonly BouncerUse[]): Reply<'listBouncers'> {
  const { name, version, note, keyDigest, certificate, hostsOnly, sources, createdAtMs, createdBy } = bouncer
  const pulls = uses.flatMap(({ lastPullAtMs }) => (lastPullAtMs === null ? [] : [lastPullAtMs]))
  return {
    name,
    version,
    note,
    hasKey: keyDigest !== null,
    certificate,
    hostsOnly,
    sources,
    createdAt: iso(createdAtMs),
    createdBy,
    lastPullAt: pulls.length === 0 ? null : iso(Math.max(...pulls)),
    uses: uses.map((use) => ({
      address: use.address,
      agent: use.agent,
      agentVersion: use.agentVersion,
      firstSeenAt: iso(use.firstSeenAtMs),
      lastSeenAt: iso(use.lastSeenAtMs),
      lastPullAt: isoOrNull(use.lastPullAtMs),
      pulls: use.pulls,
      lastAnswer: use.lastAnswer,
    })),
  }
}

/** The body was written by `Bouncers.keepMetrics`. */
function metricsView({ atMs, body }: JournalEntry): Reply<'showBouncer'>['metrics'][number] {
  const { address, type, version, operatingSystem, startedAtMs, windowSeconds, items } =
    body as unknown as ComponentMetrics & { readonly address: string }
  return {
    at: iso(atMs),
    address,
    type,
    version,
    operatingSystem,
    startedAt: isoOrNull(startedAtMs),
    windowSeconds,
    items: items.map((item) => ({ ...item, labels: { ...item.labels } })),
  }
}

/**
 * What bouncers tell of their work by `POST /v1/usage-metrics`: how much they dropped and let pass. Text of a stranger with
 * a key: cut and bounded here, escaped where it is shown. `metrics` is an object in CrowdSec's examples and an array in its
 * schema; both are taken.
 */
import { z } from 'zod'

const COMPONENTS = 16
const WINDOWS = 100
const ITEMS = 1000
const LABELS = 8

/** Never longer than asked for; what is not printable becomes `?`. */
const text = (most: number) =>
  z.string().transform((given) => given.slice(0, most).replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?'))

const item = z.object({
  name: text(64),
  value: z.number(),
  unit: text(32),
  labels: z
    .record(z.string().max(64), z.string())
    .nullish()
    .transform((labels) =>
      Object.fromEntries(
        Object.entries(labels ?? {})
          .slice(0, LABELS)
          .map(([name, value]) => [name, value.slice(0, 128).replaceAll(/[\p{Cc}\p{Cf}]/gu, '?')]),
      ),
    ),
})

const detailed = z.object({
  meta: z.object({ window_size_seconds: z.number(), utc_now_timestamp: z.number() }),
  items: z.array(item).max(ITEMS).nullish(),
})

const component = z.object({
  name: text(128).nullish(),
  type: text(64),
  version: text(64),
  utc_startup_timestamp: z.number().nullish(),
  os: z.object({ name: text(64).nullish(), version: text(64).nullish() }).nullish(),
  metrics: z.union([detailed.transform((one) => [one]), z.array(detailed).max(WINDOWS)]).nullish(),
})

const payload = z.object({ remediation_components: z.array(component).max(COMPONENTS).nullish() })

export interface ComponentMetrics {
  readonly type: string
  readonly version: string
  readonly operatingSystem: string
  readonly startedAtMs: number | null
  /** Of all windows together. */
  readonly windowSeconds: number
  readonly items: readonly {
    readonly name: string
    readonly value: number
    readonly unit: string
    readonly labels: Readonly<Record<string, string>>
  }[]
}

export type ReadMetrics =
  | { readonly ok: true; readonly components: readonly ComponentMetrics[] }
  | { readonly ok: false; readonly message: string }

/** Judges a body. Components of other kinds (log processors) are left out. */
export function readUsageMetrics(body: unknown): ReadMetrics {
  const result = payload.safeParse(body)
  if (!result.success) {
    const [issue] = result.error.issues
    return {
      ok: false,
      message: `${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'not understood'}`,
    }
  }
  return { ok: true, components: (result.data.remediation_components ?? []).map(componentOf) }
}

function componentOf(given: z.infer<typeof component>): ComponentMetrics {
  const windows = given.metrics ?? []
  return {
    type: given.type,
    version: given.version,
    operatingSystem: [given.os?.name ?? '', given.os?.version ?? ''].join(' ').trim(),
    startedAtMs: given.utc_startup_timestamp == null ? null : given.utc_startup_timestamp * 1000,
    windowSeconds: windows.reduce((sum, { meta }) => sum + meta.window_size_seconds, 0),
    items: windows.flatMap(({ items }) => items ?? []).slice(0, ITEMS),
  }
}

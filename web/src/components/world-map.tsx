/**
 * Where something comes from, as a map: countries darker by number, those too small for the map as points. Loaded when it
 * is shown. The table beside it says the same.
 */
import { type ExtendedFeature, geoNaturalEarth1, geoPath } from 'd3-geo'
import { useMemo } from 'react'
import { feature } from 'topojson-client'
import atlas from 'world-atlas/countries-110m.json'
import { countryCode, countryName } from '../data/countries.ts'
import { useWords } from '../i18n/language.tsx'

const WIDTH = 960
const HEIGHT = 440
const SHADES = 5
/** Places that the map is too coarse for: longitude and latitude. */
const SMALL: Readonly<Record<string, readonly [number, number]>> = {
  AD: [1.5, 42.5],
  BB: [-59.5, 13.2],
  BH: [50.6, 26.1],
  CW: [-69, 12.2],
  GI: [-5.4, 36.1],
  HK: [114.2, 22.3],
  IM: [-4.5, 54.2],
  JE: [-2.1, 49.2],
  KN: [-62.8, 17.3],
  LI: [9.5, 47.2],
  MC: [7.4, 43.7],
  MO: [113.5, 22.2],
  MT: [14.4, 35.9],
  MU: [57.6, -20.3],
  MV: [73.5, 4.2],
  PA: [-80, 8.5],
  RE: [55.5, -21.1],
  SC: [55.5, -4.7],
  SG: [103.8, 1.35],
  SM: [12.5, 43.9],
  VG: [-64.6, 18.4],
}

const projection = geoNaturalEarth1().fitExtent(
  [
    [4, 4],
    [WIDTH - 4, HEIGHT + 40],
  ],
  { type: 'Sphere' },
)
const draw = geoPath(projection)

interface Shape {
  readonly id: string
  readonly code: string | null
  readonly path: string
}

let made: readonly Shape[] | null = null

function shapes(): readonly Shape[] {
  if (made !== null) return made
  const world = atlas as unknown as Parameters<typeof feature>[0]
  const countries = world.objects['countries']
  if (countries === undefined) return []
  const found = feature(world, countries)
  const features = (found.type === 'FeatureCollection' ? found.features : [found]) as ExtendedFeature[]
  made = features
    .map((one, i) => {
      const name = String(one.properties?.['name'] ?? '')
      return { id: `${name} ${i}`, code: countryCode(name), path: draw(one) ?? '' }
    })
    .filter(({ id }) => !id.startsWith('Antarctica'))
  return made
}

export interface CountryCount {
  /** As the firewall says it. */
  readonly name: string
  readonly count: number
}

interface WorldMapProps {
  readonly title: string
  readonly countries: readonly CountryCount[]
  readonly onPick?: (name: string) => void
}

export function WorldMap({ title, countries, onPick }: WorldMapProps) {
  const { language } = useWords()
  const byCode = useMemo(() => {
    const found = new Map<string, CountryCount>()
    for (const one of countries) {
      const code = countryCode(one.name)
      if (code === null) continue
      const before = found.get(code)
      found.set(code, before === undefined ? one : { ...before, count: before.count + one.count })
    }
    return found
  }, [countries])
  const most = Math.max(1, ...Array.from(byCode.values(), ({ count }) => count))
  const shadeOf = (count: number): number =>
    1 + Math.min(SHADES - 1, Math.floor((SHADES * Math.log(count + 1)) / Math.log(most + 1)))
  const label = ({ name, count }: CountryCount): string =>
    `${countryName(name, language)}: ${count.toLocaleString(language)}`
  return (
    <>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className="world-map" role="img" aria-label={title}>
        {shapes().map(({ id, code, path }) => {
          const one = code === null ? undefined : byCode.get(code)
          return (
            <path
              key={id}
              d={path}
              className={one === undefined ? 'map-land' : `map-land map-${shadeOf(one.count)}`}
              onClick={one === undefined || onPick === undefined ? undefined : () => onPick(one.name)}
            >
              {one !== undefined && <title>{label(one)}</title>}
            </path>
          )
        })}
        {Object.entries(SMALL).map(([code, place]) => {
          const one = byCode.get(code)
          const point = projection([place[0], place[1]])
          if (one === undefined || point === null) return null
          return (
            <circle
              key={code}
              cx={point[0]}
              cy={point[1]}
              r={5}
              className={`map-point map-${shadeOf(one.count)}`}
              onClick={onPick === undefined ? undefined : () => onPick(one.name)}
            >
              <title>{label(one)}</title>
            </circle>
          )
        })}
      </svg>
      {byCode.size > 0 && <Scale most={most} />}
    </>
  )
}

/** What the shades mean: the least number of each, up to the most; shades that no number reaches are left out. */
function Scale({ most }: { readonly most: number }) {
  const { t, language } = useWords()
  const short = new Intl.NumberFormat(language, { notation: 'compact' })
  const least = Array.from({ length: SHADES }, (_, i) =>
    Math.max(1, Math.ceil((most + 1) ** (i / SHADES) - 1)),
  )
  const steps = least
    .map((from, i) => ({ shade: i + 1, from, to: (least[i + 1] ?? most + 1) - 1 }))
    .filter(({ from, to }) => to >= from)
  return (
    <div className="map-scale">
      <span>{t('overview.mapScale')}</span>
      {steps.map(({ shade, from, to }) => (
        <span key={shade} className="map-step">
          <svg width={12} height={12} aria-hidden>
            <rect width={12} height={12} className={`map-${shade}`} />
          </svg>
          {from === to ? short.format(from) : `${short.format(from)}–${short.format(to)}`}
        </span>
      ))}
    </div>
  )
}

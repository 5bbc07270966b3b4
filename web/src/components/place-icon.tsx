/** The small drawings beside the names of the navigation: strokes in the colour of the text, nothing to be read alone. */

/** By path of the screen, in a field of 16 by 16. */
const DRAWINGS: Readonly<Record<string, string>> = {
  '/': 'M2.5 9.5a5.5 5.5 0 0 1 11 0M8 9.5l2.5-2.5M2.5 12.5h11',
  '/events': 'M2.5 3.5h11M2.5 8h11M2.5 12.5h7',
  '/blocks': 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11zM4.2 4.2l7.600 7.600',
  '/allow': 'M8 2l5 1.800v4c0 3-2.2 5.2-5 6.2c-2.800-1-5-3.2-5-6.2v-4zM5.700 8l1.700 1.700l3-3.2',
  '/detections': 'M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9zM10.300 10.300l3.2 3.2',
  '/engine': 'M8 2.5v5M5 4.2a5 5 0 1 0 6 0',
  '/feeds': 'M2.5 4h3M8 4h5.5M2.5 8h3M8 8h5.5M2.5 12h3M8 12h5.5',
  '/sources': 'M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01',
  '/notifications': 'M2.5 4h11v8h-11zM2.5 4.5l5.5 4l5.5-4',
  '/settings': 'M2.5 4.5h6M11.5 4.5h2M10 3v3M2.5 11.5h2M7.5 11.5h6M6 10v3',
  '/audit': 'M4 2.5h8v11h-8zM6 5.5h4M6 8h4M6 10.5h2.5',
  '/users': 'M8 3a2.5 2.5 0 1 0 0 5a2.5 2.5 0 0 0 0-5zM3 13.5c.5-2.5 2.5-3.700 5-3.700s4.5 1.2 5 3.700',
  '/about': 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11zM8 7.5v3.5M8 5h.01',
}

export function PlaceIcon({ to }: { readonly to: string }) {
  return (
    <svg width={18} height={18} viewBox="0 0 16 16" aria-hidden className="place-icon">
      <path
        d={DRAWINGS[to] ?? ''}
        fill="none"
        stroke="currentColor"
        strokeWidth={1.3}
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}

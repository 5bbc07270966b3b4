/**
 * Blocks as a long table: only the rows in view exist, so that 100,000 scroll as well as ten. Two empty rows stand for
 * what is above and below. On a phone a row is a card.
 */
import { Checkbox, Text } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, useEffect, useRef } from 'react'
import type { Reply } from '../data/api.ts'
import { countryName } from '../data/countries.ts'
import type { TextKey } from '../i18n/en.ts'
import { useWords } from '../i18n/language.tsx'
import { AddressLink } from './address-link.tsx'
import { useFlight } from './flight.ts'
import { Instant } from './instant.tsx'
import { StateBadge } from './state-badge.tsx'
import { Said } from './said.tsx'

const ROW_PX = 54
const CARD_PX = 118
const OVERSCAN = 8
/** So many rows before the end the next page is asked for. */
const AHEAD = 60

type Block = Reply<'listBlocks'>

interface BlockTableProps {
  readonly items: readonly Block[]
  /** All there are; null: not known. */
  readonly total: number | null
  readonly hasMore: boolean
  readonly onMore: () => void
  /** They have ended: when and why instead of until when. */
  readonly isEnded?: boolean
  readonly chosen?: ReadonlySet<string>
  readonly onChoose?: (targets: readonly string[], isChosen: boolean) => void
}

export function BlockTable(props: BlockTableProps) {
  const { items, total, hasMore, onMore, isEnded = false, chosen, onChoose } = props
  const { t } = useWords()
  const scroller = useRef<HTMLDivElement>(null)
  const isNarrow = useMediaQuery('(max-width: 48em)') ?? false
  const rowPx = isNarrow ? CARD_PX : ROW_PX
  const flight = useFlight()
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    overscan: OVERSCAN,
    observeElementOffset: flight.observe,
  })
  useEffect(() => virtualizer.measure(), [virtualizer, rowPx])
  const shown = virtualizer.getVirtualItems()
  const last = shown.at(-1)?.index ?? 0
  const isNearEnd = hasMore && last >= items.length - AHEAD
  useEffect(() => {
    if (isNearEnd) onMore()
  }, [isNearEnd, onMore, items.length])
  const above = shown[0]?.start ?? 0
  const below = virtualizer.getTotalSize() - (shown.at(-1)?.end ?? 0)
  const loaded = items.map(({ target }) => target)
  const isAll = chosen !== undefined && chosen.size > 0 && loaded.every((target) => chosen.has(target))
  return (
    <div ref={scroller} className="long-scroll">
      <table className={isNarrow ? 'long long-cards' : 'long'} aria-rowcount={total ?? -1}>
        <thead>
          <tr>
            {onChoose !== undefined && (
              <th scope="col" className="long-choose">
                <Checkbox
                  aria-label={t('blocks.chooseAll')}
                  checked={isAll}
                  indeterminate={!isAll && (chosen?.size ?? 0) > 0}
                  onChange={(event) => onChoose(loaded, event.currentTarget.checked)}
                />
              </th>
            )}
            <th scope="col" className="long-target">
              {t('blocks.column.target')}
            </th>
            <th scope="col" className="long-state">
              {t('blocks.column.state')}
            </th>
            <th scope="col">{t('blocks.column.why')}</th>
            <th scope="col" className="long-time">
              {t('blocks.column.since')}
            </th>
            <th scope="col" className="long-time long-seen">
              {t('blocks.column.seen')}
            </th>
            <th scope="col" className="long-time">
              {t(isEnded ? 'blocks.column.ended' : 'blocks.column.until')}
            </th>
          </tr>
        </thead>
        <tbody>
          {above > 0 && <Gap px={above} />}
          {shown.map(({ index }, slot) => {
            const block = items[index]
            // In flight the same rows get other targets: making new ones is what costs most.
            if (flight.isFlying)
              return <Flying key={`flying-${slot}`} target={block?.target ?? ''} px={rowPx} />
            return block === undefined ? null : (
              <Row
                key={block.id}
                block={block}
                index={index}
                isEnded={isEnded}
                isChosen={chosen?.has(block.target) ?? false}
                onChoose={onChoose}
              />
            )
          })}
          {below > 0 && <Gap px={below} />}
        </tbody>
      </table>
    </div>
  )
}

function Gap({ px }: { readonly px: number }) {
  return (
    <tr aria-hidden>
      <td style={{ height: px, padding: 0, border: 0 }} colSpan={7} />
    </tr>
  )
}

/** A row that flies past. */
const Flying = memo(function Flying({ target, px }: { readonly target: string; readonly px: number }) {
  return (
    <tr aria-hidden className="long-flying">
      <td style={{ height: px }} colSpan={7}>
        {target}
      </td>
    </tr>
  )
})

interface RowProps {
  readonly block: Block
  readonly index: number
  readonly isEnded: boolean
  readonly isChosen: boolean
  readonly onChoose: BlockTableProps['onChoose']
}

const Row = memo(function Row({ block, index, isEnded, isChosen, onChoose }: RowProps) {
  const { language, t, say } = useWords()
  const { target, mode, reason, rule, proof, device, severity, country, tags } = block
  const parts = [
    rule === null ? t('address.byHand', { who: block.createdBy }) : t(`rule.${rule}` as TextKey),
    proof === null ? null : t(`blocks.proof.${proof}`),
    severity === null ? null : t(`feeds.severity.${severity}`),
    country === null ? null : countryName(country, language),
    device,
    ...tags.map((tag) => `#${tag}`),
  ]
  const why = isEnded && block.endReason !== null ? block.endReason : reason
  return (
    <tr aria-rowindex={index + 2} className={isChosen ? 'long-chosen' : undefined}>
      {onChoose !== undefined && (
        <td className="long-choose">
          <Checkbox
            aria-label={target}
            checked={isChosen}
            onChange={(event) => onChoose([target], event.currentTarget.checked)}
          />
        </td>
      )}
      <td className="long-target">
        <AddressLink address={target} />
      </td>
      <td className="long-state">
        {isEnded ? <Text size="sm">{t('address.ended')}</Text> : <StateBadge mode={mode} />}
      </td>
      <td className="long-why">
        <Text size="sm" truncate title={say(why)}>
          <Said text={why} isTyped={rule === null || isEnded} />
        </Text>
        <Text size="xs" c="dimmed" truncate>
          {parts.filter((part) => part !== null).join(' · ')}
        </Text>
      </td>
      <td className="long-time">
        <Label text={t('blocks.column.since')} />
        <Instant at={block.createdAt} none="" />
      </td>
      <td className="long-time long-seen">
        <Label text={t('blocks.column.seen')} />
        <Instant at={block.lastSeenAt} none={t('common.never')} />
      </td>
      <td className="long-time">
        <Label text={t(isEnded ? 'blocks.column.ended' : 'blocks.column.until')} />
        <Instant at={isEnded ? block.endedAt : block.expiresAt} none={t('common.forever')} />
      </td>
    </tr>
  )
})

/** The head of the column, where a row is a card. */
function Label({ text }: { readonly text: string }) {
  return (
    <span className="long-label" aria-hidden>
      {text}{' '}
    </span>
  )
}

/** What can be done with a value or an event: filter, copy, look at what belongs to it, block, allow, look up elsewhere. */
import { Menu } from '@mantine/core'
import { useFocusReturn } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useNavigate } from '@tanstack/react-router'
import { visibleText } from '../../../../src/lib/visible-text.ts'
import { useMay } from '../../data/may.ts'
import type { LogRow } from '../../data/records.ts'
import { conditionOf } from '../../data/records-filter.ts'
import { type Translate, useWords } from '../../i18n/language.tsx'
import { textOf } from './cells.tsx'
import { linksOf } from './links.ts'
import type { Cell } from './record-table.tsx'

interface CellMenuProps {
  /** Null: closed. */
  readonly open: { readonly cell: Cell; readonly x: number; readonly y: number } | null
  readonly onClose: () => void
  readonly onValue: (cell: Cell, how: 'in' | 'out' | 'or') => void
  /** Looks at this instead of the present filter. */
  readonly onPivot: (filter: string) => void
  readonly onOpen: (index: number) => void
  readonly onAct: (what: 'block' | 'allow', addresses: readonly string[]) => void
}

const LONGEST_SHOWN = 40

export function CellMenu({ open, onClose, onValue, onPivot, onOpen, onAct }: CellMenuProps) {
  const { t } = useWords()
  const navigate = useNavigate()
  const mayBlock = useMay('addBlocks')
  // The menu comes already open, so its own return of the focus knows no place.
  useFocusReturn({ opened: open !== null })
  if (open === null) return null
  const { cell, x, y } = open
  const { row, column, index } = cell
  const value = column === null ? null : textOf(row, column.field)
  const isAddress = column !== null && (column.kind === 'source' || column.kind === 'address')
  const address = isAddress ? value : attackerOf(row)
  return (
    <Menu
      opened
      onClose={onClose}
      position="right-start"
      width={296}
      withinPortal={false}
      floatingStrategy="fixed"
      zIndex={300}
      shadow="md"
      trapFocus
      withInitialFocusPlaceholder={false}
    >
      <Menu.Target>
        <button
          type="button"
          tabIndex={-1}
          aria-label={t('events.menu')}
          className="ev-menu-place"
          style={{ left: x, top: y }}
        />
      </Menu.Target>
      <Menu.Dropdown mah="80vh" className="ev-menu">
        {column !== null && column.filter !== null && value !== null && (
          <>
            <Menu.Label className="ev-clip">{`${t(column.label)}: ${visibleText(value)}`}</Menu.Label>
            {(['in', 'out', 'or'] as const).map((how) => (
              <Menu.Item key={how} onClick={() => onValue(cell, how)} rightSection={<Hint how={how} t={t} />}>
                {t(`events.menu.${how}`)}
              </Menu.Item>
            ))}
            <CopyItem text={value} t={t} />
            <Menu.Divider />
          </>
        )}
        <Menu.Item onClick={() => onOpen(index)}>{t('events.menu.open')}</Menu.Item>
        {column === null && address !== null && <CopyItem text={address} t={t} />}
        <Menu.Label>{t('events.menu.pivot')}</Menu.Label>
        {pivotsOf(row, address, t).map(({ label, filter }) => (
          <Menu.Item key={filter} onClick={() => onPivot(filter)}>
            {label}
          </Menu.Item>
        ))}
        {address !== null && (
          <>
            <Menu.Item onClick={() => void navigate({ to: '/ip/$address', params: { address } })}>
              {t('events.menu.page', { address })}
            </Menu.Item>
            {mayBlock && (
              <>
                <Menu.Label>{t('events.menu.act', { address })}</Menu.Label>
                <Menu.Item onClick={() => onAct('block', [address])}>{t('events.menu.block')}</Menu.Item>
                <Menu.Item onClick={() => onAct('allow', [address])}>{t('events.menu.allow')}</Menu.Item>
              </>
            )}
          </>
        )}
        <Links address={address} threatId={textOf(row, 'threatId')} t={t} />
      </Menu.Dropdown>
    </Menu>
  )
}

function Links({
  address,
  threatId,
  t,
}: {
  readonly address: string | null
  readonly threatId: string | null
  readonly t: Translate
}) {
  const links = linksOf(address, threatId)
  if (links.length === 0) return null
  return (
    <>
      <Menu.Label>{t('events.menu.links')}</Menu.Label>
      <div className="ev-links" role="group" aria-label={t('events.menu.links')}>
        {links.map(({ name, url }) => (
          <Menu.Item
            key={name}
            component="a"
            href={url}
            target="_blank"
            rel="noreferrer noopener"
            rightSection={<span aria-hidden>↗</span>}
          >
            {name}
          </Menu.Item>
        ))}
      </div>
    </>
  )
}

function Hint({ how, t }: { readonly how: 'in' | 'out' | 'or'; readonly t: Translate }) {
  const key = how === 'in' ? 'click' : how === 'out' ? 'alt' : 'shift'
  return <span className="ev-dim ev-small">{t(`events.menu.${key}`)}</span>
}

function CopyItem({ text, t }: { readonly text: string; readonly t: Translate }) {
  const shown = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    notifications.show({ message: t('events.menu.copied'), autoClose: 2000 })
  }
  return (
    <Menu.Item onClick={() => void copy()}>{t('events.menu.copy', { value: visibleText(shown) })}</Menu.Item>
  )
}

/** Who attacked, else who sent: whom one would block. */
export function attackerOf(row: LogRow): string | null {
  return textOf(row, textOf(row, 'attacker') === 'destination' ? 'destinationAddress' : 'sourceAddress')
}

interface Pivot {
  readonly label: string
  readonly filter: string
}

export function pivotsOf(row: LogRow, address: string | null, t: Translate): readonly Pivot[] {
  const port = textOf(row, 'destinationPort')
  const rule = textOf(row, 'rule')
  const session = textOf(row, 'sessionId')
  const device = textOf(row, 'device')
  return [
    ...(address === null
      ? []
      : [
          { label: t('events.menu.from'), filter: conditionOf('addr.src', address) },
          { label: t('events.menu.to'), filter: conditionOf('addr.dst', address) },
          { label: t('events.menu.net'), filter: conditionOf('src.net24', address) },
        ]),
    ...(port === null
      ? []
      : [{ label: t('events.menu.port', { port }), filter: conditionOf('port.dst', port) }]),
    ...(rule === null ? [] : [{ label: t('events.menu.rule'), filter: conditionOf('rule', rule) }]),
    ...(session === null || session === '0'
      ? []
      : [
          {
            label: t('events.menu.session'),
            filter: [
              conditionOf('sessionid', session),
              ...(device === null ? [] : [conditionOf('device_name', device)]),
            ].join(' and '),
          },
        ]),
  ]
}

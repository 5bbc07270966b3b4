/** Blocks as a table: who, why, since when, until when; with boxes to choose from where the screen wants them. */
import { Checkbox, Table, Text, VisuallyHidden } from '@mantine/core'
import type { Reply } from '../data/api.ts'
import { useWords } from '../i18n/language.tsx'
import { AddressLink } from './address-link.tsx'
import { Instant } from './instant.tsx'
import { StateBadge } from './state-badge.tsx'
import { Said } from './said.tsx'

interface BlockRowsProps {
  readonly items: readonly Reply<'listBlocks'>[]
  /** Fewer columns, for the overview. */
  readonly isShort?: boolean
  readonly chosen?: ReadonlySet<string>
  readonly onChoose?: (target: string, isChosen: boolean) => void
}

export function BlockRows({ items, isShort = false, chosen, onChoose }: BlockRowsProps) {
  const { t } = useWords()
  return (
    <Table.ScrollContainer minWidth={isShort ? 480 : 820}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            {onChoose !== undefined && (
              <Table.Th w={32}>
                <VisuallyHidden>{t('blocks.column.state')}</VisuallyHidden>
              </Table.Th>
            )}
            <Table.Th>{t('blocks.column.target')}</Table.Th>
            <Table.Th>{t('blocks.column.state')}</Table.Th>
            <Table.Th>{t('blocks.column.why')}</Table.Th>
            <Table.Th>{t('blocks.column.since')}</Table.Th>
            {!isShort && <Table.Th>{t('blocks.column.seen')}</Table.Th>}
            {!isShort && <Table.Th>{t('blocks.column.until')}</Table.Th>}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map((block) => (
            <Table.Tr key={block.id}>
              {onChoose !== undefined && (
                <Table.Td>
                  <Checkbox
                    aria-label={block.target}
                    checked={chosen?.has(block.target) ?? false}
                    onChange={(event) => onChoose(block.target, event.currentTarget.checked)}
                  />
                </Table.Td>
              )}
              <Table.Td>
                <AddressLink address={block.target} />
              </Table.Td>
              <Table.Td>
                <StateBadge mode={block.mode} />
              </Table.Td>
              <Table.Td>
                <Text size="sm" lineClamp={2}>
                  <Said text={block.reason} isTyped={block.rule === null} />
                </Text>
                <Text size="xs" c="dimmed">
                  {block.rule ?? t('blocks.manual')}
                  {block.proof === null ? '' : ` · ${t(`blocks.proof.${block.proof}`)}`}
                  {block.severity === null ? '' : ` · ${t(`feeds.severity.${block.severity}`)}`}
                  {block.country === null ? '' : ` · ${block.country}`}
                  {block.device === null ? '' : ` · ${block.device}`}
                </Text>
              </Table.Td>
              <Table.Td>
                <Instant at={block.createdAt} none="" />
              </Table.Td>
              {!isShort && (
                <Table.Td>
                  <Instant at={block.lastSeenAt} none={t('common.never')} />
                </Table.Td>
              )}
              {!isShort && (
                <Table.Td>
                  <Instant at={block.expiresAt} none={t('common.forever')} />
                </Table.Td>
              )}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

/** Per firewall: what it saw of the address, and whether the block has arrived there and bites. */
import { Table, Text } from '@mantine/core'
import { EventsLink } from '../../components/events-link.tsx'
import { Instant } from '../../components/instant.tsx'
import type { Reply } from '../../data/api.ts'
import { conditionOf } from '../../data/records-filter.ts'
import { useWords } from '../../i18n/language.tsx'

interface FirewallTableProps {
  readonly devices: Reply<'addressRecords'>['devices']
  readonly enforcement: Reply<'explain'>['enforcement']
  readonly filter: string
  readonly from: string
}

export function FirewallTable({ devices, enforcement, filter, from }: FirewallTableProps) {
  const { t, language } = useWords()
  if (devices.length === 0 && (enforcement?.firewalls.length ?? 0) === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('address.firewallsEmpty')}
      </Text>
    )
  return (
    <>
      {devices.length > 0 && (
        <Table.ScrollContainer minWidth={540}>
          <Table aria-label={t('address.seenBy')}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('address.seenBy')}</Table.Th>
                <Table.Th ta="right">{t('overview.lines')}</Table.Th>
                <Table.Th ta="right">{t('chart.blocked')}</Table.Th>
                <Table.Th ta="right">{t('chart.allowed')}</Table.Th>
                <Table.Th ta="right">{t('address.destinationsHead')}</Table.Th>
                <Table.Th>{t('address.first')}</Table.Th>
                <Table.Th>{t('overview.last')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {devices.map((one) => (
                <Table.Tr key={one.device}>
                  <Table.Td>
                    <EventsLink
                      filter={`${filter} and ${conditionOf('device_name', one.device === '' ? null : one.device)}`}
                      from={from}
                    >
                      {one.device === '' ? '?' : one.device}
                    </EventsLink>
                  </Table.Td>
                  {[one.lines, one.blocked, one.allowed, one.destinations].map((number, i) => (
                    // oxlint-disable-next-line react/no-array-index-key -- the order of the columns
                    <Table.Td key={i} ta="right">
                      {number.toLocaleString(language)}
                    </Table.Td>
                  ))}
                  <Table.Td>
                    <Instant at={one.firstAt} none="" />
                  </Table.Td>
                  <Table.Td>
                    <Instant at={one.lastAt} none="" />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {enforcement !== null && enforcement.firewalls.length > 0 && (
        // Has nothing inside that takes the focus, and scrolls where words are long.
        <Table.ScrollContainer
          minWidth={540}
          mt="sm"
          tabIndex={0}
          role="group"
          aria-label={t('address.enforcedBy')}
        >
          <Table aria-label={t('address.enforcedBy')}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('address.enforcedBy')}</Table.Th>
                <Table.Th>{t('address.fetched')}</Table.Th>
                <Table.Th>{t('address.loaded')}</Table.Th>
                <Table.Th>{t('address.firstDenied')}</Table.Th>
                <Table.Th ta="right">{t('address.denied')}</Table.Th>
                <Table.Th ta="right">{t('address.letThrough')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {enforcement.firewalls.map((one) => (
                <Table.Tr key={one.id}>
                  <Table.Td>
                    {one.name} {one.leaking && <b className="fresh-late">! {t('address.leaking')}</b>}
                  </Table.Td>
                  <Table.Td>
                    <Instant at={one.fetchedAt} none={t('address.notYet')} />
                  </Table.Td>
                  <Table.Td>
                    <Instant at={one.loadedAt ?? one.registeredAt} none={t('address.unknown')} />
                  </Table.Td>
                  <Table.Td>
                    <Instant at={one.firstDeniedAt} none={t('common.none')} />
                  </Table.Td>
                  <Table.Td ta="right">{one.denied.toLocaleString(language)}</Table.Td>
                  <Table.Td ta="right">{one.allowed.toLocaleString(language)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </>
  )
}

/** Which destinations on which ports: a table whose cells are darker with more lines; each leads to its records. */
import { Table, Text } from '@mantine/core'
import type { Reply } from '../data/api.ts'
import { useWords } from '../i18n/language.tsx'
import { EventsLink } from './events-link.tsx'

interface PortMatrixProps {
  readonly title: string
  readonly matrix: Reply<'addressRecords'>['matrix']
  /** Condition that holds for all of it. */
  readonly filter: string
  readonly from: string
}

export function PortMatrix({ title, matrix, filter, from }: PortMatrixProps) {
  const { t, language } = useWords()
  const { destinations, ports, counts } = matrix
  const most = Math.max(1, ...counts.flat())
  const shadeOf = (count: number): number =>
    Math.min(4, Math.floor((4 * Math.log(count + 1)) / Math.log(most + 1)))
  const short = new Intl.NumberFormat(language, { notation: 'compact' })
  return (
    <Table.ScrollContainer minWidth={0} type="native">
      <Table className="matrix" withRowBorders={false} aria-label={title} highlightOnHover={false}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('address.destination')}</Table.Th>
            {ports.map((port) => (
              <Table.Th key={port} scope="col" className="matrix-port">
                {port}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {destinations.map((destination, row) => (
            <Table.Tr key={destination}>
              <Table.Th scope="row" className="mono">
                {destination}
              </Table.Th>
              {ports.map((port, column) => {
                const count = counts[row]?.[column] ?? 0
                if (count === 0)
                  return (
                    <Table.Td key={port} className="matrix-cell">
                      <Text span c="dimmed" size="xs" aria-label="0">
                        ·
                      </Text>
                    </Table.Td>
                  )
                const all = `${filter} and ( addr.dst eq ${destination} ) and ( port.dst eq ${port} )`
                return (
                  <Table.Td key={port} className={`matrix-cell heat-${shadeOf(count)}`}>
                    <EventsLink filter={all} from={from}>
                      {short.format(count)}
                    </EventsLink>
                  </Table.Td>
                )
              })}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

/** A table of things of one kind: columns by what they show, the head of a column of buttons for readers alone. */
import { Table, VisuallyHidden } from '@mantine/core'
import type { ReactNode } from 'react'

export interface Column<Row> {
  readonly head: string
  readonly cell: (row: Row) => ReactNode
  /** Numbers stand at the right. */
  readonly isRight?: boolean
  readonly isMono?: boolean
  /** Of buttons: the head is not seen, and they stand at the right. */
  readonly isActions?: boolean
}

interface RowsProps<Row> {
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
  readonly columns: readonly Column<Row>[]
  /** Pixels below which the table scrolls sideways by itself. */
  readonly minWidth: number
}

export function Rows<Row>({ rows, keyOf, columns, minWidth }: RowsProps<Row>) {
  return (
    <Table.ScrollContainer minWidth={minWidth} className="rows-scroll">
      <Table className="rows">
        <Table.Thead>
          <Table.Tr>
            {columns.map(({ head, isRight, isActions }) => (
              <Table.Th key={head} {...(isRight === true ? { ta: 'right' } : {})}>
                {isActions === true ? <VisuallyHidden>{head}</VisuallyHidden> : head}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={keyOf(row)}>
              {columns.map(({ head, cell, isRight, isMono, isActions }) => (
                <Table.Td
                  key={head}
                  data-label={head}
                  className={isActions === true ? 'rows-actions' : isMono === true ? 'mono place' : undefined}
                  {...(isRight === true || isActions === true ? { ta: 'right' } : {})}
                >
                  {cell(row)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

/** Lines over time, allowed, denied and threats on top of each other; the place is kept while they are asked for. */
import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Answer } from '../../components/problem.tsx'
import { StackedChart } from '../../components/stacked-chart.tsx'
import { WhenStored } from '../../components/when-stored.tsx'
import { flowQuery, type Span } from '../../data/overview.ts'
import { useWords } from '../../i18n/language.tsx'

const BUCKETS = 120

interface FlowProps {
  readonly span: Span
  readonly height?: number
  readonly onZoom?: (fromMs: number, toMs: number) => void
}

export function Flow(props: FlowProps) {
  return (
    <div className="flow">
      <WhenStored>
        <FlowChart {...props} />
      </WhenStored>
    </div>
  )
}

function FlowChart({ span, height = 170, onZoom }: FlowProps) {
  const { t } = useWords()
  const flow = useQuery(flowQuery(span, BUCKETS))
  return (
    <Answer query={flow}>
      {({ fromMs, bucketMs, total, allowed, blocked, threat }) => (
        <>
          <StackedChart
            title={t('overview.flow')}
            fromMs={fromMs}
            bucketMs={bucketMs}
            height={height}
            isPlain={onZoom === undefined}
            series={[
              { kind: 'allowed', label: t('chart.allowed'), counts: allowed },
              { kind: 'blocked', label: t('chart.blocked'), counts: blocked },
              { kind: 'threat', label: t('chart.threat'), counts: threat },
            ]}
            {...(onZoom === undefined ? {} : { onZoom })}
          />
          {total === 0 && (
            <Text size="sm" c="dimmed">
              {t('overview.flowEmpty')}
            </Text>
          )}
        </>
      )}
    </Answer>
  )
}

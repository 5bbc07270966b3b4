/** After the first account: what to paste on the firewall, step by step, each with a check that works by itself. */
import { Anchor, Button, Group, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { CopyText } from '../components/copy-text.tsx'
import { NeedsRole } from '../components/needs-role.tsx'
import { Answer, PageHead } from '../components/problem.tsx'
import type { Reply } from '../data/api.ts'
import { CUSTOM_FORMAT, listLines, listName, ruleLines, syslogLines } from '../data/panos.ts'
import { settingsQuery, statusQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'
import { AllowStep } from './welcome/allow-step.tsx'
import { FetchChecks, LineChecks } from './welcome/checks.tsx'
import { OwnStep } from './welcome/own-step.tsx'
import { StartStep } from './welcome/start-step.tsx'
import { Step } from './welcome/step.tsx'

const SYSLOG_PORT = 5514
const POLL_MS = 2000
const LIST_PATH = '/files/blacklist.txt'

type Status = Reply<'status'>

export function WelcomePage() {
  const { t } = useWords()
  const status = useQuery({ ...statusQuery, refetchInterval: POLL_MS })
  const settings = useQuery(settingsQuery)
  const [host, setHost] = useState(globalThis.location.hostname)
  const [zone, setZone] = useState('UNTRUST')
  return (
    <>
      <PageHead title={t('welcome.title')}>
        <Button variant="default" renderRoot={(props) => <Link to="/" {...props} />}>
          {t('welcome.later')}
        </Button>
      </PageHead>
      <NeedsRole operation="changeSettings" />
      <Text mb="md" className="sentence">
        {t('welcome.intro')}
      </Text>
      <SimpleGrid cols={{ base: 1, sm: 2 }} maw={760} mb="md">
        <TextInput
          label={t('welcome.host')}
          value={host}
          onChange={(event) => setHost(event.currentTarget.value)}
        />
        <TextInput
          label={t('welcome.zone')}
          value={zone}
          onChange={(event) => setZone(event.currentTarget.value)}
        />
      </SimpleGrid>
      <Answer query={status}>
        {(told) => (
          <Answer query={settings}>
            {({ items }) => {
              const valueOf = (key: string) => items.find((setting) => setting.key === key)?.value ?? ''
              return (
                <Stack gap="md">
                  <SendStep status={told} host={host} />
                  <OwnStep known={valueOf('networks.own')} />
                  <FetchStep status={told} host={host} />
                  <Step title={t('welcome.rules')} isDone={null}>
                    <Text size="sm" className="sentence">
                      {t('welcome.rulesHint')}
                    </Text>
                    <CopyText text={ruleLines(listName('blacklist'), zone)} label={t('welcome.rules')} />
                  </Step>
                  <AllowStep status={told} />
                  <StartStep valueOf={valueOf} />
                  <Group>
                    <Button renderRoot={(props) => <Link to="/" {...props} />}>{t('welcome.finish')}</Button>
                  </Group>
                </Stack>
              )
            }}
          </Answer>
        )}
      </Answer>
    </>
  )
}

interface StepProps {
  readonly status: Status
  readonly host: string
}

/** The port of an input such as `192.0.2.1:5514`, or the default. */
function portOf(status: Status, name: string): number {
  const address = status.inputs.find((input) => input.name.toLowerCase().includes(name))?.address ?? ''
  return Number(/:(\d+)$/.exec(address)?.[1] ?? SYSLOG_PORT)
}

function SendStep({ status, host }: StepProps) {
  const { t } = useWords()
  return (
    <Step title={t('welcome.send')} isDone={status.devices.length > 0}>
      <Text size="sm" className="sentence">
        {t('welcome.sendHint')}
      </Text>
      <CopyText text={syslogLines(host, portOf(status, 'udp'), 'UDP')} label={t('welcome.send')} />
      <Text size="sm" className="sentence">
        {t('welcome.sendFormat')}
      </Text>
      <CopyText text={CUSTOM_FORMAT} label={t('notify.format')} />
      <LineChecks status={status} />
    </Step>
  )
}

function FetchStep({ status, host }: StepProps) {
  const { t } = useWords()
  const { port } = globalThis.location
  const shown = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  const url = `https://${shown}${port === '' ? '' : `:${port}`}${LIST_PATH}`
  return (
    <Step title={t('welcome.fetch')} isDone={status.list.lastFetchedAt !== null}>
      <Text size="sm" className="sentence">
        {t('welcome.fetchHint')}{' '}
        <Anchor href="/ca.crt" underline="always">
          {t('feeds.ca')}
        </Anchor>
      </Text>
      <CopyText text={listLines(listName('blacklist'), url)} label={t('welcome.fetch')} />
      <FetchChecks status={status} />
    </Step>
  )
}

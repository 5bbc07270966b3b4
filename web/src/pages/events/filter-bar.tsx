/**
 * The filter: text with completion, the place of a fault pointed at, and the same conditions as chips that can be taken
 * away or turned round. Enter searches.
 */
import { ActionIcon, Button, Group, Text, TextInput, UnstyledButton } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import {
  type KeyboardEvent,
  type RefObject,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from 'react'
import { visibleText } from '../../../../src/lib/visible-text.ts'
import { call, type Reply } from '../../data/api.ts'
import type { Search } from '../../data/records.ts'
import { opposite, partsOf, withoutPart } from '../../data/records-filter.ts'
import { useWords } from '../../i18n/language.tsx'
import { recentFilters } from './recent-filters.ts'
import { type Choice, useCompletion } from './use-completion.ts'

type Fault = NonNullable<Reply<'checkFilter'>['fault']>

interface FilterBarProps {
  /** What is searched for now. */
  readonly filter: string
  readonly search: Search | null
  /** The service cannot read it: it came with the address of the page. */
  readonly isRefused: boolean
  readonly onSearch: (filter: string) => void
  readonly field: RefObject<HTMLInputElement | null>
  /** Escape: to the table. */
  readonly onLeave: () => void
}

export function FilterBar({ filter, search, isRefused, onSearch, field, onLeave }: FilterBarProps) {
  const { t, language, say } = useWords()
  const list = useId()
  const [text, setText] = useState(filter)
  const [at, setAt] = useState(filter.length)
  const caret = useRef<number | null>(null)
  const [offer, setOffer] = useState<'none' | 'next' | 'recent'>('none')
  const [active, setActive] = useState(-1)
  const [wrong, setWrong] = useState<{ readonly text: string; readonly fault: Fault } | null>(null)
  useEffect(() => {
    setText(filter)
    setWrong(null)
  }, [filter])
  // Before the next key, which may come at once.
  useLayoutEffect(() => {
    if (caret.current !== null) field.current?.setSelectionRange(caret.current, caret.current)
    caret.current = null
  }, [text, field])
  const next = useCompletion(text, at, offer === 'next', search, language)
  const choices: readonly Choice[] =
    offer === 'recent'
      ? recentFilters().map((one) => ({ text: one, about: '', from: 0, to: text.length, isWhole: true }))
      : next
  const checking = useMutation({
    mutationFn: (asked: string) => call('checkFilter', { filter: asked, at: 0 }),
    onSuccess: ({ canonical, fault }, asked) => {
      if (fault !== null) {
        setWrong({ text: asked, fault })
        field.current?.focus()
        field.current?.setSelectionRange(fault.at, fault.at + fault.length)
        return
      }
      setWrong(null)
      onSearch(canonical ?? '')
      if (canonical === filter) setText(filter)
    },
  })
  const { mutate: check } = checking
  useEffect(() => {
    if (isRefused) check(filter)
  }, [isRefused, filter, check])
  const run = (asked: string) => {
    setOffer('none')
    setActive(-1)
    checking.mutate(asked)
  }
  const take = (choice: Choice) => {
    if (choice.isWhole === true) {
      setText(choice.text)
      run(choice.text)
      return
    }
    const rest = text.slice(choice.to)
    const put = `${text.slice(0, choice.from)}${choice.text}${rest.startsWith(' ') ? '' : ' '}`
    setText(put + rest)
    setAt(put.length)
    setActive(-1)
    caret.current = put.length
  }
  const isOpen = offer !== 'none' && choices.length > 0
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0) {
      event.preventDefault()
      if (!isOpen) setOffer(text.trim() === '' ? 'recent' : 'next')
      else setActive((active + step + choices.length) % choices.length)
      return
    }
    const chosen = isOpen ? choices[active] : undefined
    if (event.key === 'Tab' && isOpen && !event.shiftKey) {
      const first = choices[Math.max(0, active)]
      if (first === undefined || (active < 0 && at === 0)) return
      event.preventDefault()
      take(first)
    } else if (event.key === 'Enter') {
      event.preventDefault()
      if (chosen === undefined) run(text)
      else take(chosen)
    } else if (event.key === 'Escape') {
      event.preventDefault()
      if (isOpen) setOffer('none')
      else onLeave()
    } else if (event.key === ' ' && event.ctrlKey) {
      event.preventDefault()
      setOffer('next')
    }
  }
  return (
    <div className="ev-filter">
      <Group gap={6} wrap="nowrap" align="flex-start">
        <div className="ev-filter-field">
          <TextInput
            ref={field}
            value={text}
            placeholder={t('events.filterHint')}
            aria-label={t('events.filter')}
            role="combobox"
            aria-autocomplete="list"
            aria-expanded={isOpen}
            aria-controls={list}
            aria-invalid={wrong !== null}
            {...(isOpen && active >= 0 ? { 'aria-activedescendant': `${list}-${active}` } : {})}
            spellCheck={false}
            autoCapitalize="off"
            autoComplete="off"
            classNames={{ input: 'ev-filter-text' }}
            data-wrong={(wrong !== null && wrong.text === text) || undefined}
            onChange={(event) => {
              setText(event.currentTarget.value.replace(/\s*\n\s*/g, ' '))
              setAt(event.currentTarget.selectionStart ?? 0)
              setOffer('next')
              setActive(-1)
            }}
            onSelect={(event) => setAt(event.currentTarget.selectionStart ?? 0)}
            onKeyDown={onKeyDown}
            onBlur={() => setOffer('none')}
          />
          <Choices
            id={list}
            choices={isOpen ? choices : []}
            active={active}
            isRecent={offer === 'recent'}
            onTake={take}
          />
        </div>
        <ActionIcon
          variant="default"
          size={36}
          aria-label={t('events.recent')}
          title={t('events.recent')}
          aria-expanded={offer === 'recent'}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => {
            field.current?.focus()
            setOffer(offer === 'recent' ? 'none' : 'recent')
          }}
        >
          <span aria-hidden>▾</span>
        </ActionIcon>
        <Button onClick={() => run(text)} loading={checking.isPending} px="md" visibleFrom="sm">
          {t('events.run')}
        </Button>
      </Group>
      {checking.error !== null && (
        <Text size="sm" role="alert" mt={4}>
          {say(checking.error.message)}
        </Text>
      )}
      {wrong !== null && wrong.text === text ? (
        <FaultNote
          text={wrong.text}
          fault={wrong.fault}
          onFix={(fixed) => {
            setText(fixed)
            run(fixed)
          }}
        />
      ) : (
        <Chips filter={filter} onSearch={onSearch} />
      )}
    </div>
  )
}

interface ChoicesProps {
  readonly id: string
  readonly choices: readonly Choice[]
  readonly active: number
  readonly isRecent: boolean
  readonly onTake: (choice: Choice) => void
}

function Choices({ id, choices, active, isRecent, onTake }: ChoicesProps) {
  const { t } = useWords()
  return (
    <div
      id={id}
      role="listbox"
      aria-label={isRecent ? t('events.recent') : t('events.choices')}
      className="ev-choices"
      hidden={choices.length === 0}
    >
      {choices.map((choice, i) => (
        <div
          key={`${choice.text} ${choice.about}`}
          id={`${id}-${i}`}
          role="option"
          tabIndex={-1}
          aria-selected={i === active}
          className="ev-choice"
          onMouseDown={(event) => {
            event.preventDefault()
            onTake(choice)
          }}
        >
          <span className="ev-choice-text">{visibleText(choice.text)}</span>
          <span className="ev-choice-about">{visibleText(choice.about)}</span>
        </div>
      ))}
    </div>
  )
}

/** The filter with the wrong part marked, what was expected there, and what was probably meant. */
function FaultNote({
  text,
  fault,
  onFix,
}: {
  readonly text: string
  readonly fault: Fault
  readonly onFix: (fixed: string) => void
}) {
  const { t } = useWords()
  const end = fault.at + Math.max(1, fault.length)
  const { fix } = fault
  return (
    <div className="ev-fault" role="alert">
      <pre>
        {visibleText(text.slice(0, fault.at))}
        <mark>{visibleText(text.slice(fault.at, end)) || '␣'}</mark>
        {visibleText(text.slice(end))}
      </pre>
      <Group gap="xs">
        <Text size="sm">{t('events.fault', { at: fault.at + 1, expected: fault.expected })}</Text>
        {fix !== null && (
          <Button size="compact-sm" variant="default" onClick={() => onFix(fix)} title={fix}>
            {t('events.faultFix')}: <span className="ev-mono ev-clip ev-fix">{visibleText(fix)}</span>
          </Button>
        )}
      </Group>
    </div>
  )
}

/** The conditions that `and` joins, each with a button to turn it round and one to take it away. */
function Chips({
  filter,
  onSearch,
}: {
  readonly filter: string
  readonly onSearch: (filter: string) => void
}) {
  const { t } = useWords()
  const parts = partsOf(filter)
  if (parts.length === 0) return null
  return (
    <Group gap={6} mt={6} role="group" aria-label={t('events.conditions')}>
      {parts.map((part, i) => {
        const shown = visibleText(part)
        return (
          <span key={part} className="ev-part">
            <UnstyledButton
              className="ev-part-text"
              title={t('events.part.turn', { part: shown })}
              onClick={() => onSearch(parts.map((one, at) => (at === i ? opposite(one) : one)).join(' and '))}
            >
              {shown.replace(/^\( (.*) \)$/s, '$1')}
            </UnstyledButton>
            <UnstyledButton
              className="ev-part-remove"
              aria-label={t('events.part.remove', { part: shown })}
              title={t('events.part.remove', { part: shown })}
              onClick={() => onSearch(withoutPart(filter, part))}
            >
              <span aria-hidden>✕</span>
            </UnstyledButton>
          </span>
        )
      })}
      {parts.length > 1 && (
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          className="ev-quiet"
          onClick={() => onSearch('')}
        >
          {t('events.clear')}
        </Button>
      )}
    </Group>
  )
}

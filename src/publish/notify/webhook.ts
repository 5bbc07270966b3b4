/**
 * Webhooks: a batch as one JSON document. `json` is signed: X-ADS-Signature is `v1=` and the hex HMAC-SHA-256 of
 * `<X-ADS-Timestamp>.<body>` under the recipient's secret; the reader compares it in constant time and refuses old stamps.
 * `slack` (incoming webhooks, plain_text blocks) and `teams` (workflow webhooks, an adaptive card of text runs) use only
 * forms in which no mark-up is read, so log text cannot make links or mentions.
 */
import { createHmac } from 'node:crypto'
import { boundedText } from '../../lib/visible-text.ts'
import type { Batch, Notice, SendResult } from './notice.ts'
import { countByTopic, countsText, subjectOf } from './notice-text.ts'
import { type Post, post } from './post.ts'
import type { WebhookFormat } from './recipient.ts'
import type { WebTargets } from './web-target.ts'

export interface WebhookTo {
  readonly url: string
  readonly secret: string | null
  readonly format: WebhookFormat
  readonly lines: number
  readonly targets: WebTargets
}

/** Slack takes 50 blocks of 3000 characters, Teams 28 kB. */
const CHAT_NOTICES = 15
const CHAT_CHARACTERS = 1200

/** Never rejects. */
export function sendWebhook(to: WebhookTo, batch: Batch): Promise<SendResult> {
  return post(webhookPost(to, batch))
}

export function webhookPost({ url, secret, format, lines, targets }: WebhookTo, batch: Batch): Post {
  const body = JSON.stringify(bodyOf(format, lines, batch))
  const stamp = String(Math.floor(batch.atMs / 1000))
  const signature =
    secret === null
      ? {}
      : {
          'x-ads-timestamp': stamp,
          'x-ads-signature': `v1=${createHmac('sha256', secret).update(`${stamp}.${body}`).digest('hex')}`,
        }
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'active-defense-syslog',
    'x-ads-delivery': batch.id,
    ...signature,
  }
  return { url, headers, body, targets }
}

function bodyOf(format: WebhookFormat, lines: number, batch: Batch): unknown {
  switch (format) {
    case 'json':
      return jsonBody(lines, batch)
    case 'slack':
      return slackBody(batch)
    case 'teams':
      return teamsBody(batch)
  }
}

function jsonBody(lines: number, batch: Batch): unknown {
  return {
    version: 1,
    delivery: batch.id,
    sentAt: new Date(batch.atMs).toISOString(),
    notices: batch.notices.map((notice) => ({
      id: notice.id,
      topic: notice.topic,
      severity: notice.severity,
      at: new Date(notice.atMs).toISOString(),
      subject: notice.subject,
      title: notice.title,
      sentences: notice.sentences,
      facts: notice.facts.map(([label, value]) => ({ label, value })),
      lines: notice.lines.slice(0, lines),
      link: notice.link,
      block: notice.block,
    })),
    more: batch.more,
  }
}

/** `&`, `<` and `>` are Slack's control characters in the fallback text; blocks of plain_text need no escape. */
function slackBody(batch: Batch): unknown {
  const fallback = subjectOf(batch).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const section = (text: string): unknown => ({
    type: 'section',
    text: { type: 'plain_text', text, emoji: false },
  })
  return {
    text: fallback,
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      ...batch.notices.slice(0, CHAT_NOTICES).map((notice) => section(chatText(notice))),
      ...restOf(batch).map(section),
    ],
  }
}

function teamsBody(batch: Batch): unknown {
  const block = (text: string, isTitle: boolean): unknown => ({
    type: 'RichTextBlock',
    inlines: [{ type: 'TextRun', text, weight: isTitle ? 'bolder' : 'default' }],
  })
  const card = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      block(subjectOf(batch), true),
      ...batch.notices.slice(0, CHAT_NOTICES).map((notice) => block(chatText(notice), false)),
      ...restOf(batch).map((text) => block(text, false)),
    ],
  }
  return {
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content: card }],
  }
}

function restOf(batch: Batch): string[] {
  const rest = countsText(countByTopic({ notices: batch.notices.slice(CHAT_NOTICES), more: batch.more }))
  return rest === '' ? [] : [`And ${rest}.`]
}

function chatText({ title, sentences, facts, link }: Notice): string {
  const parts = [
    title,
    ...sentences,
    ...facts.map(([label, value]) => `${label}: ${value}`),
    ...(link === null ? [] : [link]),
  ]
  // Line by line, since a line end in a datum would be shown as ours.
  return parts
    .map((part) => boundedText(part, 300))
    .join('\n')
    .slice(0, CHAT_CHARACTERS)
}

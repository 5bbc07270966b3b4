/** The description of the API as OpenAPI 3.1, made from the contract: nothing is written twice. */
import { z } from 'zod'
import { CONTRACT, ROUTES, type RouteName } from '../control-contract.ts'
import { CONFIRMED } from './confirm.ts'
import { CONFIRM_TYPE } from './http-problem.ts'
import { API_PREFIX, HTTP_ROUTES, type HttpRoute } from './http-routes.ts'
import { WEAKEN_SCOPE } from './roles.ts'
import { OTHER_ROUTES, type OtherRoute } from './other-routes.ts'

type JsonObject = { [key: string]: unknown }

/** `version`: of the product. Deterministic: the same contract gives the same document. */
export function openApiDocument(version: string): JsonObject {
  const paths: { [path: string]: JsonObject } = {}
  for (const name of Object.keys(HTTP_ROUTES) as RouteName[]) {
    const route = HTTP_ROUTES[name]
    if (route === null) continue
    const path = (paths[API_PREFIX + route.path] ??= {})
    path[route.method.toLowerCase()] = operationOf(name, route)
  }
  for (const route of OTHER_ROUTES) {
    const path = (paths[API_PREFIX + route.path] ??= {})
    path[route.method.toLowerCase()] = otherOperation(route)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Active Defense Syslog',
      version,
      description:
        'Every operation needs a session (cookie) or a token (bearer). Instants are ISO 8601 in UTC. Errors are RFC 9457 problem documents.',
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: '__Host-ads-session' },
        token: { type: 'http', scheme: 'bearer' },
      },
      schemas: { Problem: PROBLEM },
    },
    security: [{ session: [] }, { token: [] }],
  }
}

const PROBLEM: JsonObject = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    detail: { type: 'string' },
    said: {
      type: ['object', 'null'],
      description: 'The detail by code and values, for who says it in another language',
      required: ['code', 'values'],
      properties: { code: { type: 'string' }, values: { type: 'object' } },
    },
    field: { type: 'string' },
  },
}

/** `confirmed`: the operation asks a session for the password once more, always or for some inputs. */
const problems = (statuses: readonly string[], confirmed?: unknown): JsonObject =>
  Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description:
          status === '403' && confirmed !== undefined
            ? `A problem document; its type is ${CONFIRM_TYPE} where a session ${confirmed === true ? '' : 'with such an input '}must confirm the password first (POST ${API_PREFIX}/account/confirm); a token needs the scope ${WEAKEN_SCOPE} for it, and cannot change who signs in`
            : 'A problem document',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  )

function otherOperation({ operationId, role, tag, summary, type, by }: OtherRoute): JsonObject {
  const content = type === undefined ? {} : { content: { [type]: {} } }
  return {
    operationId,
    tags: [tag],
    summary,
    'x-role': role,
    ...(role === 'anybody' || role === 'own' ? { security: [] } : {}),
    ...(by === undefined ? {} : { security: [{ session: [] }] }),
    responses: { 200: { description: 'Done', ...content }, ...problems(['400', '401', '403', '429', '503']) },
  }
}

function operationOf(name: RouteName, route: HttpRoute): JsonObject {
  const input = schemaOf(CONTRACT[name].input, 'input')
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, field]) => field ?? '')
  const properties = (input['properties'] ?? {}) as Record<string, JsonObject>
  const required = (input['required'] ?? []) as string[]
  const isRows = ROUTES[name].reply === 'rows'
  const parameters: JsonObject[] = inPath.map((field) => ({
    name: field,
    in: 'path',
    required: true,
    schema: properties[field] ?? { type: 'string' },
  }))
  if (route.method === 'GET') {
    for (const [field, schema] of Object.entries(properties))
      if (!inPath.includes(field))
        parameters.push({ name: field, in: 'query', required: required.includes(field), schema })
    if (isRows && route.cursor !== null) parameters.push(...PAGE_PARAMETERS)
  }
  const hasBody = route.method !== 'GET' && Object.keys(properties).some((field) => !inPath.includes(field))
  return {
    operationId: name,
    tags: [route.tag],
    summary: route.summary,
    'x-role': route.role,
    ...(route.by === undefined ? {} : { security: [{ session: [] }] }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(hasBody
      ? { requestBody: { required: true, content: { 'application/json': { schema: input } } } }
      : {}),
    responses: {
      200: { description: 'Done', content: contentOf(name, isRows) },
      ...problems(['400', '401', '403', '404', '409', '412', '429', '500', '503'], CONFIRMED[name]),
    },
  }
}

const PAGE_PARAMETERS: readonly JsonObject[] = [
  {
    name: 'limit',
    in: 'query',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
  },
  { name: 'cursor', in: 'query', required: false, schema: { type: 'string' } },
]

function contentOf(name: RouteName, isRows: boolean): JsonObject {
  const reply = schemaOf(CONTRACT[name].reply, 'output')
  if (!isRows) return { 'application/json': { schema: reply } }
  const page = {
    type: 'object',
    required: ['items', 'nextCursor'],
    properties: { items: { type: 'array', items: reply }, nextCursor: { type: ['string', 'null'] } },
  }
  return { 'application/json': { schema: page }, 'application/jsonl': { schema: reply } }
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonObject
  return rest
}

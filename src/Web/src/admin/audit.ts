export interface Change {
  field: string
  before: unknown
  after: unknown
}

/** What a record says of itself, and not of what was done. */
const silent = new Set(['id', 'created_at', 'updated_at', 'made_at', 'version'])

// What people ask for first: whose, where, from when to when.
const first = ['user_id', 'first_name', 'email', 'name', 'seat_id', 'starts_at', 'ends_at', 'status']
const rank = (field: string) => (first.includes(field) ? first.indexOf(field) : first.length)

/** Two records of values as a list of what changed, field by field; of something new or removed, what it was like. */
export function changesOf(before: unknown, after: unknown): Change[] {
  const [old, now] = [recordOf(before), recordOf(after)]
  const fields = [...new Set([...Object.keys(old), ...Object.keys(now)])]
  return fields
    .filter((field) => !silent.has(field) && !isSame(old[field], now[field]))
    .sort((a, b) => rank(a) - rank(b))
    .map((field) => ({ field, before: old[field] ?? null, after: now[field] ?? null }))
}

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}

const isSame = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null)

/** `2026-11-21T14:00:00Z` and the like, which is to be shown as a time. */
export const isInstant = (value: unknown): value is string =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value)

export const auditActions = [
  'reservation.create',
  'reservation.check_in',
  'reservation.update',
  'reservation.close',
  'user.update',
  'user.verify',
  'user.end_session',
  'seat.create',
  'seat.update',
  'seat.delete',
  'ticket.answer',
  'ticket.close',
  'ticket.reopen',
  'notification.retry',
  'announcement.send',
  'default_avatar.update',
  'floor.update',
  'floor_plan.update',
  'floor_plan.delete',
] as const

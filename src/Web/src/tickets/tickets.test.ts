import { expect, it } from 'vitest'
import { mayReopen, type Ticket } from './tickets'

const ticket = (status: Ticket['status'], closedOn: string | null): Ticket => ({
  id: 't',
  user_id: 'u',
  reservation_id: null,
  seat_id: null,
  seat_name: null,
  theme: 'other',
  message: '',
  status,
  made_on: '2026-07-01T00:00:00Z',
  closed_on: closedOn,
})

it('may be opened again for seven days after its closing', () => {
  const closed = ticket('closed', '2026-07-01T12:00:00Z')
  expect(mayReopen(closed, Date.parse('2026-07-08T11:59:59Z'))).toBe(true)
  expect(mayReopen(closed, Date.parse('2026-07-08T12:00:00Z'))).toBe(false)
  expect(mayReopen(ticket('active', null), 0)).toBe(false)
})

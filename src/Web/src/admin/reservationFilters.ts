import { dayStart } from './days'

/** What narrows the list of reservations, as the page's address has it. */
export const noFilters = { q: '', status: '', from: '', to: '', seat: '', user: '', sort: '-made' }
export type ReservationFilters = typeof noFilters

const statuses = ['future', 'active', 'closed', 'did_not_come'] as const
type Status = (typeof statuses)[number]
const columns = ['start', 'made', 'seat', 'user', 'status'] as const
type Sort = `${'' | '-'}${(typeof columns)[number]}`
const isSort = (sort: string): sort is Sort => columns.some((column) => sort === column || sort === `-${column}`)
const isStatus = (status: string): status is Status => (statuses as readonly string[]).includes(status)

/** The same for the Api: days are the space's, and the last one counts in full. */
export function reservationQuery(filters: ReservationFilters, timeZone: string) {
  return {
    ...(filters.q && { q: filters.q }),
    ...(isStatus(filters.status) && { status: filters.status }),
    ...(filters.seat && { seat_id: filters.seat }),
    ...(filters.user && { user_id: filters.user }),
    ...(filters.from && { from: dayStart(filters.from, timeZone) }),
    ...(filters.to && { to: dayStart(filters.to, timeZone, 1) }),
    ...(isSort(filters.sort) && { sort: filters.sort }),
  }
}

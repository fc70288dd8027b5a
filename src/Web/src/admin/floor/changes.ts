import { byId, descriptions, differing, isNew, sameBox, type Field, type Floor, type FloorSeat } from './floor'

/** What has been done to a floor. A seat can be both moved and edited. */
export interface Changes {
  added: FloorSeat[]
  moved: FloorSeat[]
  edited: FloorSeat[]
  removed: FloorSeat[]
  plan: boolean
}

export function changesOf(before: Floor, after: Floor): Changes {
  const known = byId(before.seats)
  const left = byId(after.seats)
  const changes: Changes = {
    added: [],
    moved: [],
    edited: [],
    removed: before.seats.filter(({ id }) => !left.has(id)),
    plan: !sameBox(before.plan, after.plan),
  }
  for (const seat of after.seats) {
    const old = known.get(seat.id)
    if (!old) changes.added.push(seat)
    else if (old !== seat) {
      const fields = differing(old, seat)
      if (fields.includes('x') || fields.includes('y')) changes.moved.push(seat)
      if (fields.some((field) => field !== 'x' && field !== 'y')) changes.edited.push(seat)
    }
  }

  return changes
}

export const isNothing = ({ added, moved, edited, removed, plan }: Changes): boolean =>
  added.length + moved.length + edited.length + removed.length === 0 && !plan

/** What the server is told of a change: only what differs, so that nothing else is overwritten. */
export function bodyOf(before: Floor, after: Floor, version: number, force: boolean) {
  const known = byId(before.seats)
  const { added, removed, plan } = changesOf(before, after)
  // The server generates a name for a seat without one, and takes null for "as it is".
  const told = (seat: FloorSeat, wanted: readonly Field[]) =>
    Object.fromEntries(wanted.map((field) => [field, field === 'zone' ? (seat.zone ?? '') : seat[field]]))
  const changed = after.seats.flatMap((seat) => {
    const old = known.get(seat.id)
    const wanted = old ? differing(old, seat) : []
    return wanted.length > 0 ? [{ id: seat.id, ...told(seat, wanted) }] : []
  })
  return {
    version,
    seats: [...changed, ...added.map((seat) => ({ id: null, ...told(seat, [...descriptions, 'x', 'y']) }))],
    removed: removed.map(({ id }) => id),
    plan: plan && after.plan && before.plan ? after.plan : null,
    force,
  }
}

/** The seats of that, in its order: errors name a seat by where it stood. */
export function seatsToldOf(before: Floor, after: Floor): FloorSeat[] {
  const known = byId(before.seats)
  const { added } = changesOf(before, after)
  const changed = after.seats.filter((seat) => {
    const old = known.get(seat.id)
    return old && differing(old, seat).length > 0
  })
  return [...changed, ...added]
}

/**
 * Where two have done something to the same seat. `both`: the same thing, and ours holds. `gone`: we changed what they
 * have removed. `removed`: we remove what they have changed.
 */
export interface Clash {
  kind: 'both' | 'gone' | 'removed'
  seat: FloorSeat
}

/** Our changes to a floor put on top of what others have made of it meanwhile. */
export function merge(base: Floor, mine: Floor, theirs: Floor): { floor: Floor; clashes: Clash[] } {
  const before = byId(base.seats)
  const ours = byId(mine.seats)
  const others = byId(theirs.seats)
  const clashes: Clash[] = []
  const seats: FloorSeat[] = []

  for (const seat of theirs.seats) {
    const [old, our] = [before.get(seat.id), ours.get(seat.id)]
    if (!old) seats.push(seat)
    else if (our) {
      const { merged, clashing } = mergeSeat(old, our, seat)
      seats.push(merged)
      if (clashing) clashes.push({ kind: 'both', seat: merged })
    } else if (differing(old, seat).length > 0) clashes.push({ kind: 'removed', seat })
  }

  // A seat of ours may be there already: it was saved, only the answer was lost.
  const strangers = theirs.seats.filter(({ id }) => !before.has(id))
  for (const seat of mine.seats) {
    if (others.has(seat.id)) continue
    const old = before.get(seat.id)
    if (old) {
      if (differing(old, seat).length > 0) clashes.push({ kind: 'gone', seat })
    } else if (isNew(seat)) {
      const twin = strangers.findIndex((stranger) => differing(stranger, seat).length === 0)
      if (twin >= 0) strangers.splice(twin, 1)
      else seats.push(seat)
    }
  }

  const keepsPlan = theirs.plan !== null && base.plan !== null && mine.plan !== null && !sameBox(base.plan, mine.plan)
  return { floor: { seats, plan: keepsPlan ? mine.plan : theirs.plan }, clashes }
}

/** What we have not touched is theirs; where a seat stands is one thing. */
function mergeSeat(old: FloorSeat, ours: FloorSeat, theirs: FloorSeat): { merged: FloorSeat; clashing: boolean } {
  const groups: Field[][] = [...descriptions.map((field) => [field]), ['x', 'y']]
  const touches = (other: FloorSeat, group: Field[]) =>
    group.some((field) => (old[field] ?? '') !== (other[field] ?? ''))
  const wanted = groups.filter((group) => touches(ours, group))
  if (wanted.length === 0) return { merged: theirs, clashing: false }
  const merged = { ...theirs, ...Object.fromEntries(wanted.flat().map((field) => [field, ours[field]])) } as FloorSeat
  return {
    merged,
    clashing: wanted.some(
      (group) => touches(theirs, group) && group.some((field) => (ours[field] ?? '') !== (theirs[field] ?? '')),
    ),
  }
}

import { clampSpan, minute, overlaps, type Rules, type Span } from './spans'

/** A time at which somebody holds a seat. */
export interface Held extends Span {
  mine: boolean
}

/** How a seat stands to a wished time. */
export type Standing =
  /** Free for all of it, and until then; undefined: as far as was looked. */
  | { kind: 'free'; until: number | undefined }
  /** Held when it begins, and free from then on. */
  | { kind: 'taken'; until: number }
  /** Free when it begins, but not for all of it. */
  | { kind: 'partly'; until: number }

/** What is free between two moments, in order. `held` is in order. */
export function freeSpans(held: Span[], within: Span): Span[] {
  const free: Span[] = []
  let from = within.start
  for (const { start, end } of held) {
    if (start > from) free.push({ start: from, end: Math.min(start, within.end) })
    from = Math.max(from, end)
    if (from >= within.end) break
  }

  if (from < within.end) free.push({ start: from, end: within.end })
  return free.filter(({ start, end }) => end > start)
}

/** `held` is what was seen until `horizon`, in order. */
export function standingOf(held: Span[], wish: Span, horizon: number): Standing {
  const first = held.find(({ end }) => end > wish.start)
  if (!first || first.start >= wish.end) {
    return { kind: 'free', until: first && first.start < horizon ? first.start : undefined }
  }

  if (first.start > wish.start) return { kind: 'partly', until: first.start }
  let until = first.end
  for (const { start, end } of held) if (start <= until && end > until) until = end
  return { kind: 'taken', until }
}

/** Times near the wished one at which the seat can be had: what is left of it, and the next time that is long enough. */
export function fixesOf(held: Span[], wish: Span, rules: Rules, now: number, horizon: number): Span[] {
  if (!held.some((span) => overlaps(span, wish))) return []
  const shortest = rules.min_duration_minutes * minute
  const length = wish.end - wish.start
  const from = Math.max(wish.start, Math.floor(now / minute) * minute)
  const free = freeSpans(held, { start: from, end: Math.max(horizon, wish.end) })
    .map(({ start, end }) => clampSpan({ start, end: Math.min(end, start + length) }, rules, now, 'end'))
    .filter(({ start, end }) => end - start >= shortest && !held.some((span) => overlaps(span, { start, end })))
  const [shortened, whole] = [free[0], free.find(({ start, end }) => end - start >= length)]
  return [shortened, whole].filter(
    (span, index, all): span is Span => span !== undefined && all.indexOf(span) === index,
  )
}

const longest = 100

/** The next name of a row that nobody has: A1 → A2, Desk 09 → Desk 10, 2.5b → 2.6b, Sofa → Sofa 2. */
export function nextName(name: string, taken: ReadonlySet<string>): string {
  const [, head = `${name} `, digits = '1', tail = ''] = /^(.*?)(\d{1,15})(\D*)$/su.exec(name) ?? []
  for (let number = Number(digits) + 1; ; number++) {
    const next = head + String(number).padStart(digits.length, '0') + tail
    const fits = next.length > longest ? next.slice(next.length - longest).trim() : next
    if (!taken.has(fits)) return fits
  }
}

/** Names for copies, each the next after the one it was copied from. */
export function nextNames(names: readonly string[], taken: Iterable<string>): string[] {
  const all = new Set(taken)
  return names.map((name) => {
    const next = nextName(name, all)
    all.add(next)
    return next
  })
}

/** A name for the first, and the numbers after it for the others. */
export function rowOfNames(first: string, count: number, taken: Iterable<string>): string[] {
  const all = new Set(taken)
  const names: string[] = []
  for (let last = first; names.length < count;) {
    if (names.length > 0) last = nextName(last, all)
    all.add(last)
    names.push(last)
  }
  return names
}

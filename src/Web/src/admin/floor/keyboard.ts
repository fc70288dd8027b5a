/** What the keys do wherever one is in the editor, but for where one writes. */
export type Command =
  | 'undo'
  | 'redo'
  | 'copy'
  | 'all'
  | 'remove'
  | 'save'
  | 'let-go'
  | 'nearer'
  | 'farther'
  | 'whole'
  | { move: { x: -1 | 0 | 1; y: -1 | 0 | 1 }; far: boolean }

type Pressed = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>

const arrows: Record<string, { x: -1 | 0 | 1; y: -1 | 0 | 1 }> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
}

export function commandOf(event: Pressed): Command | undefined {
  if (event.altKey) return undefined
  if (event.ctrlKey || event.metaKey) {
    // On a keyboard of other letters (я, where z is) the place of the key counts.
    const letter = /^[a-z]$/i.test(event.key) ? event.key.toLowerCase() : event.code.replace('Key', '').toLowerCase()
    if (letter === 'z') return event.shiftKey ? 'redo' : 'undo'
    if (event.shiftKey) return undefined
    return ({ y: 'redo', d: 'copy', a: 'all', s: 'save' } as const)[letter]
  }

  const arrow = arrows[event.key]
  if (arrow) return { move: arrow, far: event.shiftKey }
  return (
    {
      Delete: 'remove',
      Backspace: 'remove',
      Escape: 'let-go',
      '+': 'nearer',
      '=': 'nearer',
      '-': 'farther',
      '0': 'whole',
    } as const
  )[event.key]
}

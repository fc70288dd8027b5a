/** Of Telegram's colours the ones that we use; each may be missing. */
export interface ThemeColors {
  bg_color?: string
  secondary_bg_color?: string
  text_color?: string
  button_color?: string
  button_text_color?: string
}

const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i

function luminance(color: string): number | undefined {
  const parts = hex.exec(color)
  if (!parts) return undefined
  const [red, green, blue] = parts.slice(1).map((part) => {
    const share = parseInt(part, 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** WCAG's contrast of two colours, from 1 to 21; 0 where one is none. */
export function contrast(one = '', other = ''): number {
  const [a, b] = [luminance(one), luminance(other)]
  if (a === undefined || b === undefined) return 0
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
}

/**
 * Whether Telegram is light or dark, and those of its colours on which our own texts can still be read. People make
 * themes of any colours.
 */
export function readableColors(colors: ThemeColors) {
  const isDark = (luminance(colors.bg_color ?? '#ffffff') ?? 1) < 0.18
  const [text, muted, raised] = isDark ? ['#eef2f6', '#aab6c3', '#222b36'] : ['#16202c', '#52606f', '#eef2f7']
  const carriesText = (color?: string) => contrast(color, muted) >= 4.5 && contrast(color, text) >= 4.5
  const surface = carriesText(colors.bg_color) ? colors.bg_color : undefined
  const page = carriesText(colors.secondary_bg_color) ? colors.secondary_bg_color : undefined
  const button = colors.button_color
  const isAccent =
    contrast(button, colors.button_text_color) >= 4.5 &&
    [surface ?? (isDark ? '#171e26' : '#ffffff'), page ?? (isDark ? '#0f1419' : '#f5f7fa'), raised].every(
      (below) => contrast(button, below) >= 4.5,
    )
  return {
    scheme: isDark ? ('dark' as const) : ('light' as const),
    variables: {
      '--surface': surface,
      '--page': page,
      '--accent': isAccent ? button : undefined,
      '--accent-strong': isAccent ? button : undefined,
      '--on-accent': isAccent ? colors.button_text_color : undefined,
    },
  }
}

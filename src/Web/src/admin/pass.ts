/** What a scanner has read: which reservation it speaks of, and what the Api checks its signature in. */
export interface Pass {
  reservationId: string
  /** For `check_qr`: the bare id or the signed pass, never a whole link, which some proxies take for part of a path. */
  code: string
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * Reads a pass of any kind: a bare id, `bookit:<id>.<signature>`, `pass_<id and signature>`, or a link that hands the
 * latter to the bot. Whether the signature is ours is the Api's to say.
 */
export function readPass(text: string): Pass | undefined {
  const code = parameterOfLink(text.trim()) ?? text.trim()
  const reservationId = idOf(code)
  return reservationId ? { reservationId, code } : undefined
}

function idOf(code: string): string | undefined {
  if (uuid.test(code)) return code.toLowerCase()
  const signed = /^bookit:([0-9a-f-]{36})\.[\w-]{22}={0,2}$/i.exec(code)?.[1]
  if (signed && uuid.test(signed)) return signed.toLowerCase()
  const parameter = /^pass_([\w-]{43})$/.exec(code)?.[1]
  return parameter ? uuidOf(parameter) : undefined
}

/** The first 16 of the 32 bytes are the id's. */
function uuidOf(base64url: string): string {
  const bytes = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'))
  const hex = [...bytes.slice(0, 16)].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function parameterOfLink(text: string): string | undefined {
  let link: URL
  try {
    link = new URL(text)
  } catch {
    return undefined
  }
  const isTelegram =
    (link.protocol === 'https:' && link.host === 't.me') || text.toLowerCase().startsWith('tg://resolve')
  return isTelegram ? (link.searchParams.get('start') ?? undefined) : undefined
}

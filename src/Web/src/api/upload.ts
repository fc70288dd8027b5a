import { api, credentials, take } from './client'
import { Problem, problemOf, unreachable } from './problem'

/** Sends a file and tells how far it is, from 0 to 1, which fetch cannot. */
export async function upload<T>(
  method: 'POST' | 'PUT',
  path: string,
  field: string,
  file: Blob,
  fileName: string,
  onProgress: (share: number) => void,
): Promise<T> {
  // Renews an expired sign-in first: the file need not be sent twice for that.
  await take(api.GET('/api/user/me'))
  const form = new FormData()
  form.append(field, file, fileName)
  return await new Promise<T>((resolve, reject: (problem: Problem) => void) => {
    const request = new XMLHttpRequest()
    request.open(method, path)
    request.setRequestHeader('Accept-Language', credentials.language)
    if (credentials.tokens) request.setRequestHeader('Authorization', `Bearer ${credentials.tokens.access}`)
    request.responseType = 'json'
    request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0))
    request.addEventListener('load', () => {
      if (request.status >= 200 && request.status < 300) {
        resolve(request.response as T)
        return
      }

      const retryAfter = request.getResponseHeader('Retry-After')
      const headers = new Headers(retryAfter ? { 'Retry-After': retryAfter } : {})
      reject(problemOf(new Response(null, { status: request.status, headers }), request.response))
    })
    request.addEventListener('error', () => reject(unreachable('offline')))
    request.send(form)
  })
}

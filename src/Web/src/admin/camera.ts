export type CameraFault = 'insecure' | 'none' | 'denied' | 'busy'

/** Why there is no picture, in the words of the browser. */
export function faultOf(reason: unknown): CameraFault {
  const name = reason instanceof Error || reason instanceof DOMException ? reason.name : ''
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied'
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'none'
  return 'busy'
}

/** Browsers show a camera only to pages that nobody on the way can have changed. */
export const hasCameras = (): boolean => window.isSecureContext && navigator.mediaDevices !== undefined

const size = { width: { ideal: 1280 }, height: { ideal: 720 } }

/** Begins with the camera that looks away from the person, where nothing else was chosen. */
export async function openCamera(deviceId: string): Promise<MediaStream> {
  if (deviceId) {
    try {
      return await navigator.mediaDevices.getUserMedia({ video: { deviceId: { exact: deviceId }, ...size } })
    } catch (reason) {
      // The one that was chosen last time is no longer plugged in.
      if (faultOf(reason) !== 'none') throw reason
    }
  }
  return await navigator.mediaDevices.getUserMedia({ video: { facingMode: { ideal: 'environment' }, ...size } })
}

export async function listCameras(): Promise<{ value: string; label: string }[]> {
  const devices = await navigator.mediaDevices.enumerateDevices()
  return devices
    .filter(({ kind }) => kind === 'videoinput')
    .map(({ deviceId, label }, index) => ({ value: deviceId, label: label || `№ ${index + 1}` }))
}

// The torch is not in TypeScript's own description of cameras.
type WithTorch = MediaTrackCapabilities & { torch?: boolean }

export const hasTorch = (stream: MediaStream): boolean =>
  (stream.getVideoTracks()[0]?.getCapabilities?.() as WithTorch | undefined)?.torch === true

export const setTorch = async (stream: MediaStream, on: boolean): Promise<void> =>
  await stream.getVideoTracks()[0]?.applyConstraints({ advanced: [{ torch: on } as MediaTrackConstraintSet] })

import { ref, watch } from 'vue'

const memory = 'bookit.desk_sound'

/** Whether the desk makes itself heard: chosen on this device. */
export const sound = ref(localStorage.getItem(memory) !== '0')
watch(sound, (on) => localStorage.setItem(memory, on ? '1' : '0'))

let context: AudioContext | undefined

function tone(frequency: number, from: number, seconds: number) {
  if (!context) return
  const [oscillator, volume] = [context.createOscillator(), context.createGain()]
  const start = context.currentTime + from
  oscillator.frequency.value = frequency
  volume.gain.setValueAtTime(0.2, start)
  volume.gain.exponentialRampToValueAtTime(0.001, start + seconds)
  oscillator.connect(volume).connect(context.destination)
  oscillator.start(start)
  oscillator.stop(start + seconds)
}

/** Heard and felt, for whoever does not look at the screen: two notes upwards, or a low one. */
export function signal(kind: 'good' | 'bad'): void {
  try {
    // Where nothing was touched yet, browsers refuse both.
    navigator.vibrate?.(kind === 'good' ? 120 : [80, 80, 240])
    if (!sound.value) return
    context ??= new AudioContext()
    void context.resume()
    if (kind === 'good') {
      tone(880, 0, 0.12)
      tone(1320, 0.12, 0.2)
    } else {
      tone(220, 0, 0.45)
    }
  } catch {
    // No sound here: colour and words are left.
  }
}

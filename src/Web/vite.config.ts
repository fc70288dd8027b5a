import { fileURLToPath } from 'node:url'
import vueI18n from '@intlify/unplugin-vue-i18n/vite'
import tailwindcss from '@tailwindcss/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const api = process.env.API ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [
    vue(),
    tailwindcss(),
    vueI18n({ include: [fileURLToPath(new URL('./src/**/{en,ru}.json', import.meta.url))] }),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    // The policy of the page allows no data: scripts and no inline ones; small pictures may stay in the styles.
    modulePreload: { polyfill: false },
    target: 'es2022',
    reportCompressedSize: false,
  },
  // The Api takes changes only from its own origin, which is what this looks like to it.
  server: { proxy: { '/api': { target: api, changeOrigin: true, headers: { Origin: api } } } },
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts'] },
})

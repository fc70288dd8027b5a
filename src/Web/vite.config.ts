import { fileURLToPath } from 'node:url'
import vueI18n from '@intlify/unplugin-vue-i18n/vite'
import tailwindcss from '@tailwindcss/vite'
import vue from '@vitejs/plugin-vue'
import { VitePWA } from 'vite-plugin-pwa'
import { defineConfig } from 'vitest/config'

const api = process.env.API ?? 'http://127.0.0.1:8080'

// A few parts come sooner than forty small ones: what every page is made of, what most pages look like, the map, and what
// leads into an account.
const parts = {
  frame: /\/node_modules\/(@vue|vue|vue-router|vue-i18n|@intlify|@tanstack|openapi-fetch)\//,
  looks:
    /\/node_modules\/(reka-ui|@lucide)\/|\/icon\.svg|\/src\/(loading|router|api|ui|auth\/session|i18n\/(index|format)|seats\/(space|spans|live|eventStream)|telegram\/telegram)\b/,
  map: /\/src\/seats\/\w+\.(vue|ts)/,
  account: /\/src\/auth\/\w+\.(vue|ts)/,
}

export default defineConfig({
  plugins: [
    vue(),
    {
      // Styles and the logo come before what is larger: something is seen while the scripts are on their way. Each part
      // is a script of its own, so that a slow phone can draw and listen between them.
      name: 'scripts-after-looks',
      apply: 'build',
      transformIndexHtml: {
        order: 'post',
        handler: (html) => {
          const preload = /<link rel="modulepreload" (crossorigin) href="([^"]+)">\s*/g
          const scripts = [...html.matchAll(preload)].map(
            ([, mode, part]) => `<script type="module" fetchpriority="low" ${mode} src="${part}"></script>\n    `,
          )
          return html
            .replace(preload, '')
            .replace(/(<script type="module")( crossorigin)/, `${scripts.join('')}$1 fetchpriority="low"$2`)
        },
      },
    },
    tailwindcss(),
    vueI18n({
      include: [fileURLToPath(new URL('./src/**/{en,ru}.json', import.meta.url))],
      // The words are compiled here; a phone need not be able to.
      dropMessageCompiler: true,
    }),
    VitePWA({
      registerType: 'prompt',
      injectRegister: false,
      manifest: {
        id: '/',
        name: 'BookIT',
        short_name: 'BookIT',
        description: 'Забронируйте место в коворкинге. Book a seat in the coworking space.',
        lang: 'ru',
        start_url: '/',
        display: 'standalone',
        background_color: '#f5f7fa',
        theme_color: '#ffffff',
        icons: [
          { src: '/icon-192.png', sizes: '192x192', type: 'image/png' },
          { src: '/icon-512.png', sizes: '512x512', type: 'image/png' },
          { src: '/icon-maskable.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
          { src: '/icon.svg', sizes: 'any', type: 'image/svg+xml' },
        ],
      },
      workbox: {
        globPatterns: ['**/*.{js,css,html,svg,woff2}'],
        // Who does not need it does not load it: administrators are online, and Telegram opens nothing offline.
        globIgnores: ['assets/desk/**', '**/miniApp-*'],
        dontCacheBustURLsMatching: /^assets\//,
        // Every address of ours is this one page. What the Api says is never kept here.
        navigateFallback: '/index.html',
        navigateFallbackDenylist: [/^\/(api|health|metrics)(\/|$)/i],
        cleanupOutdatedCaches: true,
        inlineWorkboxRuntime: true,
        sourcemap: false,
      },
    }),
  ],
  // The plugin says so to webpack alone.
  define: { __INTLIFY_PROD_DEVTOOLS__: false },
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    // The policy of the page allows no data: scripts and no inline ones; small pictures may stay in the styles.
    modulePreload: { polyfill: false },
    target: 'es2022',
    reportCompressedSize: false,
    rollupOptions: {
      output: {
        manualChunks: (id) => Object.entries(parts).find(([, modules]) => modules.test(id))?.[0],
        chunkFileNames: ({ name, moduleIds }) => {
          const isDesk = moduleIds.some((id) => id.includes('/src/admin/') || id.includes('/qr-scanner/'))
          return `assets/${isDesk ? 'desk/' : ''}${name.split('.')[0]}-[hash].js`
        },
      },
    },
  },
  // The Api takes changes only from its own origin, which is what this looks like to it.
  server: { proxy: { '/api': { target: api, changeOrigin: true, headers: { Origin: api } } } },
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts'] },
})

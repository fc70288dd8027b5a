// node lighthouse.mjs http://127.0.0.1:8080: measures first visits to BookIT's page, in a space with demo data.
import { launch } from 'chrome-launcher'
import lighthouse from 'lighthouse'
import puppeteer from 'puppeteer-core'

const base = new URL(process.argv[2])
const runs = Number(process.env.RUNS ?? 5)
const categories = ['performance', 'accessibility', 'best-practices', 'seo']

// The browser without windows of its own, whose threads take the processor from the page that is measured.
const chrome = await launch({
  chromePath: process.env.CHROME_PATH ?? '/usr/bin/chromium-headless-shell',
  chromeFlags: ['--headless=new', '--no-sandbox', '--disable-features=LocalNetworkAccessChecks'],
})
const browser = await puppeteer.connect({ browserURL: `http://127.0.0.1:${chrome.port}`, defaultViewport: null })

async function signIn(name) {
  const page = await browser.newPage()
  await page.goto(new URL('/sign-in', base).href)
  await page.type('input[name=email]', `${name}@example.com`)
  await page.type('input[name=password]', 'password123')
  await page.click('main form button[type=submit]')
  await page.waitForSelector('nav a[href="/bookings"]')
  await page.close()
}

/** Nobody again. */
async function forget() {
  const page = await browser.newPage()
  const session = await page.createCDPSession()
  await session.send('Storage.clearDataForOrigin', { origin: base.origin, storageTypes: 'all' })
  await page.close()
}

/** Visits that count for nothing: a server that has just started compiles its code, on the processor of the page. */
async function warmUp(path) {
  for (let visit = 0; visit < 20; visit++) {
    const page = await browser.newPage()
    await page.goto(new URL(path, base).href)
    await page.waitForSelector('main h1')
    await page.close()
  }
}

const kib = (bytes) => (bytes / 1024).toFixed(0)
const table = (rows) => rows.map((row) => `| ${row.join(' | ')} |`).join('\n')

// Lighthouse's own settings of a phone: a slow 4G line and a processor at a quarter of this one's speed.
async function measure(path) {
  const results = []
  for (let tries = 0; results.length < runs; tries++) {
    const { lhr } = await lighthouse(new URL(path, base).href, {
      port: chrome.port,
      logLevel: 'error',
      onlyCategories: categories,
      // The map listens for as long as it is open: Lighthouse would wait for the end of that.
      maxWaitForLoad: 15_000,
    })
    if (!lhr.runtimeError) results.push(lhr)
    else if (tries === 2 * runs) throw new Error(lhr.runtimeError.message)
  }
  results.sort((one, other) => one.categories.performance.score - other.categories.performance.score)
  return results[Math.floor(runs / 2)]
}

async function score(label, path) {
  const { categories: scores, audits } = await measure(path)
  for (const name of categories)
    for (const { id, weight } of scores[name].auditRefs) {
      const { score, title, displayValue = '' } = audits[id]
      if (weight > 0 && score !== null && score < 0.9) console.error(`  ${label}: ${name}: ${id}: ${title} ${displayValue}`)
    }
  const value = (id) => audits[id].displayValue.replace(/\s/g, ' ')
  return [
    label,
    ...categories.map((name) => Math.round(scores[name].score * 100)),
    value('first-contentful-paint'),
    value('largest-contentful-paint'),
    value('total-blocking-time'),
    value('cumulative-layout-shift'),
  ]
}

/** What a first visit loads, compressed, with nothing kept from before. */
async function weigh(path) {
  const page = await browser.newPage()
  const session = await page.createCDPSession()
  await session.send('Network.enable')
  await session.send('Network.setCacheDisabled', { cacheDisabled: true })
  await session.send('Network.setBypassServiceWorker', { bypass: true })
  const sizes = new Map()
  session.on('Network.responseReceived', ({ requestId, response }) => sizes.set(requestId, { url: response.url, bytes: 0 }))
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const file = sizes.get(requestId)
    if (file) file.bytes = encodedDataLength
  })
  await page.goto(new URL(path, base).href)
  await page.waitForSelector('main h1')
  await page.waitForFunction(() => document.querySelector('.animate-pulse') === null)
  const files = [...sizes.values()].filter(({ url }) => !/\/api\/|\/sw\.js/.test(new URL(url).pathname))
  const scripts = files.filter(({ url }) => url.endsWith('.js'))
  await page.close()
  const sum = (some) => some.reduce((total, { bytes }) => total + bytes, 0)
  return [path, kib(sum(scripts)), scripts.length, kib(sum(files))]
}

try {
  for (const path of ['/', '/sign-in']) await warmUp(path)
  const scores = [await score('map, nobody', '/'), await score('sign-in', '/sign-in')]
  const weights = [await weigh('/'), await weigh('/sign-in')]
  await signIn('demo_admin_0')
  for (const path of ['/admin', '/admin/scan', '/admin/floor']) weights.push(await weigh(path))
  await forget()
  await signIn('demo_email_3')
  scores.splice(1, 0, await score('map, signed in', '/'))
  for (const path of ['/bookings', '/pass', '/profile', '/tickets'])
    weights.splice(weights.length - 3, 0, await weigh(path))

  console.log(`\nLighthouse, ${runs} runs each, the middle one:\n`)
  console.log(
    table([
      ['page', 'performance', 'accessibility', 'best practices', 'SEO', 'first paint', 'largest paint', 'blocked', 'shift'],
      Array(9).fill('---'),
      ...scores,
    ]),
  )
  console.log('\nFirst visits, compressed, in KiB, with the headers of HTTP:\n')
  console.log(table([['page', 'scripts', 'how many', 'with styles and pictures'], Array(4).fill('---'), ...weights]))
  const least = Math.min(...scores.flatMap((row) => row.slice(1, 5)))
  if (least < 95) throw new Error(`${least} is less than 95.`)
} finally {
  await browser.disconnect()
  chrome.kill()
}

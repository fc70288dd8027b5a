import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { isProbablySignedIn } from '@/api/client'
import { fetchMe } from '@/auth/session'

declare module 'vue-router' {
  interface RouteMeta {
    /** For whoever is signed in. */
    member?: boolean
    /** For administrators. */
    admin?: boolean
    /** Without the menu: the pass held up at a door. */
    bare?: boolean
  }
}

const member = { member: true }

const routes: RouteRecordRaw[] = [
  { path: '/', name: 'map', component: () => import('@/seats/MapPage.vue') },
  {
    path: '/seat/:id',
    redirect: ({ params, query }) => ({ name: 'map', params: {}, query: { ...query, seat: params.id as string } }),
  },
  { path: '/sign-in', name: 'sign-in', component: () => import('@/auth/SignInPage.vue') },
  { path: '/register', name: 'register', component: () => import('@/auth/RegisterPage.vue') },
  { path: '/forgot', name: 'forgot', component: () => import('@/auth/ForgotPage.vue') },
  { path: '/auth/callback', name: 'callback', component: () => import('@/auth/CallbackPage.vue') },
  { path: '/bookings', name: 'bookings', component: () => import('@/reservations/BookingsPage.vue'), meta: member },
  {
    path: '/pass/:id?',
    name: 'pass',
    component: () => import('@/reservations/PassPage.vue'),
    props: true,
    meta: { member: true, bare: true },
  },
  { path: '/profile', name: 'profile', component: () => import('@/users/ProfilePage.vue'), meta: member },
  { path: '/tickets', name: 'tickets', component: () => import('@/tickets/TicketsPage.vue'), meta: member },
  {
    path: '/tickets/:id',
    name: 'ticket',
    component: () => import('@/tickets/TicketPage.vue'),
    props: true,
    meta: member,
  },
  {
    path: '/admin',
    component: () => import('@/admin/AdminFrame.vue'),
    meta: { member: true, admin: true },
    children: [
      { path: '', name: 'admin', component: () => import('@/admin/TodayPage.vue') },
      { path: 'scan', name: 'admin-scan', component: () => import('@/admin/ScanPage.vue') },
      { path: 'reservations', name: 'admin-reservations', component: () => import('@/admin/ReservationsPage.vue') },
      { path: 'users', name: 'admin-users', component: () => import('@/admin/UsersPage.vue') },
      { path: 'users/:id', name: 'admin-user', component: () => import('@/admin/UserPage.vue'), props: true },
      { path: 'tickets', name: 'admin-tickets', component: () => import('@/admin/TicketsPage.vue') },
      { path: 'audit', name: 'admin-audit', component: () => import('@/admin/AuditPage.vue') },
      { path: 'notifications', name: 'admin-notifications', component: () => import('@/admin/NotificationsPage.vue') },
      { path: 'floor', name: 'admin-floor', component: () => import('@/admin/floor/FloorPage.vue') },
    ],
  },
  { path: '/:rest(.*)*', name: 'not-found', component: () => import('@/NotFoundPage.vue') },
]

export const router = createRouter({
  history: createWebHistory(),
  routes,
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? undefined : { top: 0 }),
})

router.beforeEach(async (to) => {
  if (!to.meta.member) return true
  if (!isProbablySignedIn()) return { name: 'sign-in', query: { next: to.fullPath } }
  // Nobody waits for the server to see a page of their own: it says itself what is wrong, and when the sign-in turns
  // out to have ended, that leads away from it.
  if (!to.meta.admin) return true
  const me = await fetchMe().catch(() => undefined)
  if (me === null) return { name: 'sign-in', query: { next: to.fullPath } }
  return me && me.role !== 'admin' ? { name: 'not-found', params: { rest: to.path.slice(1).split('/') } } : true
})

/** Where to after signing in: a page of ours, never an address that a link brought along. */
export const nextOf = (next: unknown): string =>
  typeof next === 'string' && next.startsWith('/') && !next.startsWith('//') && !next.startsWith('/\\') ? next : '/'

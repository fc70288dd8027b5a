import app from './en.json'
import auth from '@/auth/en.json'
import reservations from '@/reservations/en.json'
import seats from '@/seats/en.json'
import telegram from '@/telegram/en.json'
import tickets from '@/tickets/en.json'
import users from '@/users/en.json'

export default { ...app, auth, reservations, seats, telegram, tickets, users }

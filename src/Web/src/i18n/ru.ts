import app from './ru.json'
import auth from '@/auth/ru.json'
import reservations from '@/reservations/ru.json'
import seats from '@/seats/ru.json'
import telegram from '@/telegram/ru.json'
import tickets from '@/tickets/ru.json'
import users from '@/users/ru.json'

export default { ...app, auth, reservations, seats, telegram, tickets, users }

import admin from '@/admin/ru.json'
import floor from '@/admin/floor/ru.json'

export default { admin, floor }

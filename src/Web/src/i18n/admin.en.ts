import admin from '@/admin/en.json'
import floor from '@/admin/floor/en.json'

export default { admin, floor }

/** A column of a table. With `sort` the table can be sorted by it, under that name. */
export interface Column {
  key: string
  label: string
  sort?: string
  /** What lies in it says itself what it is: buttons. */
  hideLabel?: boolean
}
